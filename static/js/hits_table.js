// The table of hits: any number of rows, about forty in the document.
import { element } from "./format.js";

const PAGE = 200;
const MOST_KNOWN = 200_000;
const JUDGED = 40; // a verdict is read off a whole tree
const TALLEST = 8_000_000; // browsers cap the height of an element; beyond it the scrollbar is scaled

export class HitsTable {
  // source: { fetch(number, limit, judged), letters(hit), at(hit), href(number), noted(number) }
  constructor(view, columns, source) {
    this.columns = columns;
    this.view = view;
    this.space = view.firstElementChild;
    this.source = source;
    this.known = new Map();
    this.wanted = new Set();
    this.total = 0;
    this.rows = null; // FoundRows of a filter, null = all
    this.chosen = 0;
    this.follow = false;
    this.painting = false;
    view.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.paint()).observe(view);
  }

  get count() {
    return this.rows ? this.rows.total : this.total;
  }

  numberAt(row) {
    return this.rows ? this.rows.numberAt(row) : row + 1;
  }

  rowOf(number) {
    return this.rows ? this.rows.rowOf(number) : number - 1;
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
    // A hit that the stream brought knows less than one over REST, and the other way round.
    for (const hit of hits) {
      const known = this.known.get(hit.number);
      const said = Object.entries(hit).filter(([, value]) => value !== undefined);
      this.known.set(hit.number, known ? { ...known, ...Object.fromEntries(said) } : hit);
    }
    this.total = Math.max(this.total, total);
    if (this.known.size > MOST_KNOWN) this.forget();
    this.paint();
  }

  // A long run is not kept as a whole: what is drawn again is asked for again.
  forget() {
    const kept = [...this.known].slice(-MOST_KNOWN / 4);
    this.known = new Map(kept);
    this.wanted.clear();
  }

  setRows(rows) {
    if (this.rows !== rows) this.rows?.drop();
    this.rows = rows;
    this.drawn = null;
    this.paint();
  }

  // Other columns: what is drawn is drawn anew, and what they need is asked for.
  relayout() {
    this.drawn = null;
    this.wanted.clear();
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
    // What the table did itself, while the room around it changed, is nobody's wish to stop following.
    if (this.follow && this.view.scrollTop === this.placed) return this.paint();
    // Against what is painted: hits that came since have not moved the end yet.
    const end = this.view.scrollHeight - this.rowHeight() / 2;
    this.follow = this.view.scrollTop + this.view.clientHeight >= end;
    return this.paint();
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
    this.placed = top;
    const offset = top * scale;
    const first = Math.max(0, Math.floor(offset / row) - 4);
    const last = Math.min(this.count, first + Math.ceil(this.view.clientHeight / row) + 8);
    this.place(first, last, (at) => `${top + at * row - offset}px`);
    this.mark();
    if (this.rows) this.rows.request(first, last);
    else this.request(first + 1, last);
  }

  // Rows stay the same elements while they are drawn: a click that begins before new hits
  // arrive ends on the row where it began.
  place(first, last, top) {
    const drawn = new Map();
    for (let at = first; at < last; at += 1) {
      const number = this.numberAt(at);
      const key = number || `row ${at}`;
      let made = this.drawn?.get(key);
      if (!made || (made.dataset.empty && this.loaded(number))) made = this.rowElement(at);
      made.style.top = top(at);
      made.setAttribute("aria-selected", String(number === this.chosen));
      made.setAttribute("aria-posinset", at + 1);
      made.setAttribute("aria-setsize", this.count);
      drawn.set(key, made);
    }
    this.view.setAttribute("role", this.count ? "listbox" : "group"); // a list without options is none
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
    box.append(element("b", "", this.rows ? "No hit matches" : this.source.over() ? "No hit in this run" : "No hit yet"));
    box.append(element("span", "", this.rows ? "Esc clears the filter." : this.source.over() ? "" : this.source.waiting()));
    return box;
  }

  loaded(number) {
    const hit = this.known.get(number);
    return Boolean(hit) && (!this.columns.judged || hit.verdict !== undefined);
  }

  rowElement(row) {
    const number = this.numberAt(row);
    const hit = this.known.get(number);
    const made = element(number ? "a" : "div", "hit");
    made.setAttribute("role", "option");
    made.id = number ? `hit-${number}` : `row-${row}`;
    if (number) {
      made.dataset.number = number;
      made.tabIndex = -1;
      made.href = this.source.href(number);
    }
    if (!this.loaded(number)) made.dataset.empty = "1";
    made.append(...(hit ? this.columns.cells(hit, this.source) : this.columns.empty(number)));
    return made;
  }

  // Rows on screen that are not loaded come page by page; a page is asked for once.
  request(first, last) {
    const { judged } = this.columns;
    const size = judged ? JUDGED : PAGE;
    for (let page = Math.floor((first - 1) / size); page * size < last; page += 1) {
      const from = page * size + 1;
      if (this.wanted.has(page) || !this.missing(Math.max(from, first), Math.min(from + size - 1, last))) continue;
      this.wanted.add(page);
      this.source.fetch(from, size, judged).then(
        (hits) => {
          // What is not stored yet will be asked for again when it is drawn again.
          if (hits.length < size) setTimeout(() => this.wanted.delete(page), 500);
          this.add(hits, this.total);
        },
        () => setTimeout(() => this.wanted.delete(page), 2000),
      );
    }
  }

  missing(first, last) {
    for (let number = first; number <= last; number += 1) if (!this.loaded(number)) return true;
    return false;
  }

  // A choice stops the table from following the end: rows must not move under the pointer.
  choose(number, { centre = false, follow = false } = {}) {
    this.chosen = number;
    this.follow = follow;
    if (follow) return this.paint();
    const at = number ? this.rowOf(number) : -1;
    if (at >= 0) this.scrollTo(at, centre);
    return this.paint();
  }

  scrollTo(at, centre = false) {
    const { row, height, scale } = this.geometry();
    this.space.style.height = `${height}px`;
    const y = at * row; // in the whole list; the scrollbar may be scaled
    const top = this.view.scrollTop * scale;
    if (centre || y < top || y + row > top + this.view.clientHeight) {
      this.view.scrollTop = (y - this.view.clientHeight * 0.4) / scale;
    }
    this.paint();
  }
}
