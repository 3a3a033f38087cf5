// The table of hits: any number of rows, about forty in the document.
import { element, grouped, hex, icon, middle, seconds, slotIcon } from "./format.js";

const PAGE = 200;
const TALLEST = 8_000_000; // browsers cap the height of an element; beyond it the scrollbar is scaled
const EXECUTE = 4;

export class HitsTable {
  // source: { fetch(number, limit), letters(hit), at(hit), href(hit), noted(number) }
  constructor(view, source) {
    this.view = view;
    this.space = view.firstElementChild;
    this.source = source;
    this.known = new Map();
    this.wanted = new Set();
    this.total = 0;
    this.rows = null; // hit numbers of a filter, null = all
    this.chosen = 0;
    this.follow = false;
    this.painting = false;
    view.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.paint()).observe(view);
  }

  get count() {
    return this.rows ? this.rows.length : this.total;
  }

  numberAt(row) {
    return this.rows ? this.rows[row] : row + 1;
  }

  rowOf(number) {
    return this.rows ? this.rows.indexOf(number) : number - 1;
  }

  rowHeight() {
    return Number.parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row"));
  }

  clear() {
    this.drawn = null;
    this.known.clear();
    this.wanted.clear();
    this.total = 0;
    this.paint();
  }

  add(hits, total) {
    for (const hit of hits) this.known.set(hit.number, hit);
    this.total = Math.max(this.total, total);
    this.paint();
  }

  setRows(numbers) {
    this.rows = numbers;
    this.paint();
  }

  geometry() {
    const row = this.rowHeight();
    const full = Math.max(this.count * row, 1);
    const height = Math.min(full, TALLEST);
    const room = Math.max(height - this.view.clientHeight, 1);
    const span = Math.max(full - this.view.clientHeight, 0);
    return { row, height, scale: height < full ? span / room : 1 };
  }

  scrolled() {
    // Against what is painted: hits that came since have not moved the end yet.
    const end = this.view.scrollHeight - this.rowHeight() / 2;
    this.follow = this.view.scrollTop + this.view.clientHeight >= end;
    this.paint();
  }

  paint() {
    if (this.painting) return;
    this.painting = true;
    requestAnimationFrame(() => {
      this.painting = false;
      this.draw();
    });
  }

  draw() {
    const { row, height, scale } = this.geometry();
    this.space.style.height = `${height}px`;
    if (this.follow) this.view.scrollTop = height;
    const top = this.view.scrollTop;
    const offset = top * scale;
    const first = Math.max(0, Math.floor(offset / row) - 4);
    const last = Math.min(this.count, first + Math.ceil(this.view.clientHeight / row) + 8);
    this.place(first, last, (at) => `${top + at * row - offset}px`);
    this.mark();
    if (!this.rows) this.request(first + 1, last);
  }

  // Rows stay the same elements while they are drawn: a click that begins before new hits
  // arrive ends on the row where it began.
  place(first, last, top) {
    const drawn = new Map();
    for (let at = first; at < last; at += 1) {
      const number = this.numberAt(at);
      const loaded = this.known.has(number);
      let made = this.drawn?.get(number);
      if (!made || (loaded && made.dataset.empty)) made = this.rowElement(at);
      made.style.top = top(at);
      made.setAttribute("aria-selected", String(number === this.chosen));
      made.setAttribute("aria-posinset", at + 1);
      made.setAttribute("aria-setsize", this.count);
      drawn.set(number, made);
    }
    const wanted = this.count ? [...drawn.values()] : [this.empty()];
    const kept = new Set(wanted);
    for (const old of [...this.space.children]) if (!kept.has(old)) old.remove();
    wanted.forEach((made, at) => {
      if (this.space.children[at] !== made) this.space.insertBefore(made, this.space.children[at] ?? null);
    });
    this.drawn = drawn;
  }

  mark() {
    const shown = document.getElementById(`hit-${this.chosen}`);
    if (shown) this.view.setAttribute("aria-activedescendant", shown.id);
    else this.view.removeAttribute("aria-activedescendant");
  }

  empty() {
    const box = element("div", "empty");
    box.append(element("b", "", this.rows ? "No hit matches" : "No hit yet"));
    box.append(element("span", "", this.rows ? "Esc clears the filter." : this.source.waiting()));
    return box;
  }

  rowElement(row) {
    const number = this.numberAt(row);
    const hit = this.known.get(number);
    const made = element("a", "hit");
    made.setAttribute("role", "option");
    made.id = `hit-${number}`;
    made.dataset.number = number;
    made.tabIndex = -1;
    made.href = this.source.href(number);
    made.append(element("span", "", grouped(number)));
    if (!hit) {
      made.dataset.empty = "1";
      made.append(element("span", "t"), element("span"), element("span"), element("span", "skel"));
      return made;
    }
    const kind = element("span", "k");
    kind.append(slotIcon(hit.slot), this.source.letters(hit));
    const at = element("span");
    if (this.source.noted(number)) at.append(icon("pin", "ic pin"), " ");
    const name = hit.at ?? this.source.at(hit);
    at.title = name;
    at.append(middle(name));
    const value = hit.flags & EXECUTE ? "" : hex(hit.value);
    const held = element("span", "r", value);
    held.title = value;
    made.append(element("span", "t", seconds(hit.time)), element("span", "", hit.cpu), kind, at, held);
    return made;
  }

  // Rows on screen that are not loaded come page by page; a page is asked for once.
  request(first, last) {
    for (let page = Math.floor((first - 1) / PAGE); page * PAGE < last; page += 1) {
      const from = page * PAGE + 1;
      if (this.wanted.has(page) || !this.missing(Math.max(from, first), Math.min(from + PAGE - 1, last))) continue;
      this.wanted.add(page);
      this.source.fetch(from, PAGE).then(
        (hits) => {
          // What is not stored yet will be asked for again when it is drawn again.
          if (hits.length < PAGE) setTimeout(() => this.wanted.delete(page), 500);
          this.add(hits, this.total);
        },
        () => setTimeout(() => this.wanted.delete(page), 2000),
      );
    }
  }

  missing(first, last) {
    for (let number = first; number <= last; number += 1) if (!this.known.has(number)) return true;
    return false;
  }

  // A choice stops the table from following the end: rows must not move under the pointer.
  choose(number, { centre = false, follow = false } = {}) {
    this.chosen = number;
    this.follow = follow;
    if (follow) return this.paint();
    const at = this.rowOf(number);
    if (at >= 0) {
      const { row, scale } = this.geometry();
      const y = (at * row) / scale;
      const top = this.view.scrollTop;
      if (centre || y < top || y + row > top + this.view.clientHeight) {
        this.view.scrollTop = y - this.view.clientHeight * 0.4;
      }
    }
    return this.paint();
  }
}
