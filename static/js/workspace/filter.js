// The query over the hits table: the server's own language, over all hits of the run.
import { grouped } from "../format.js";
import { FoundRows } from "./found.js";

const PAUSE = 150;

export class Filter {
  // on: { changed(query), applied() }
  constructor(run, table, columns, on) {
    Object.assign(this, { run, table, columns, on });
    this.box = document.getElementById("q");
    this.count = document.getElementById("q-n");
    this.query = this.box.value.trim();
    document.getElementById("filter").addEventListener("submit", (event) => {
      event.preventDefault();
      this.set(this.box.value);
    });
    this.box.addEventListener("input", () => this.set(this.box.value, { typed: true }));
    this.box.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.set("");
      document.getElementById("hits").focus();
    });
    if (this.query) this.apply();
  }

  set(text, { typed = false } = {}) {
    const query = text.trim();
    if (!typed) this.box.value = query;
    if (query === this.query) return;
    this.query = query;
    this.on.changed(query);
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.apply(), query ? PAUSE : 0);
  }

  // A span that was brushed takes the place of the one before.
  setSpan(axis, from, to) {
    const others = this.query.replace(/(^|\s)(t|seq):\S+/g, " ").trim();
    this.set(`${others} ${axis === "events" ? "seq" : "t"}:${from}..${to}`);
  }

  // The span of the query on an axis, for the timeline to show.
  span(axis) {
    const found = this.query.match(axis === "events" ? /(?:^|\s)seq:(\d+)\.\.(\d+)(?=\s|$)/ : /(?:^|\s)t:(\d+)\.\.(\d+)(?=\s|$)/);
    return found ? [Number(found[1]), Number(found[2]) + 1] : null;
  }

  apply() {
    this.box.removeAttribute("aria-invalid");
    if (!this.query) {
      this.table.setRows(null);
      this.say();
      return;
    }
    const rows = new FoundRows(this.run, this.query, {
      judged: this.columns.judged,
      on: {
        loaded: (hits) => this.table.add(hits, hits.at(-1)?.number ?? 0),
        changed: () => this.shown(rows),
        failed: (error) => this.failed(error),
      },
    });
    this.asked = rows;
    rows.refresh();
  }

  // The old rows stay until the first answer is there.
  shown(rows) {
    if (rows !== this.asked) return rows.drop();
    if (this.table.rows !== rows) {
      this.table.setRows(rows);
      this.on.applied();
    }
    this.say();
    return this.table.paint();
  }

  failed(error) {
    this.box.setAttribute("aria-invalid", "true");
    this.count.textContent = error.message;
  }

  say() {
    const { rows, total } = this.table;
    if (this.box.hasAttribute("aria-invalid")) return;
    const searching = rows && !rows.complete ? "+" : "";
    this.count.textContent = rows ? `${grouped(rows.total)}${searching} of ${grouped(total)}` : grouped(total);
  }

  grown() {
    this.table.rows?.grown();
    this.say();
  }
}
