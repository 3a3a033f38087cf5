// The rows of a filtered table: how many there are, and pages of them by place as they are needed.
import * as rest from "../rest.js";

const PAGE = 200;
const JUDGED = 40; // a verdict is read off a whole tree
const AGAIN = 400;

export class FoundRows {
  // on: { loaded(hits), changed(), failed(error) }
  constructor(run, query, { judged, on }) {
    Object.assign(this, { run, query, on, judged });
    this.page = judged ? JUDGED : PAGE;
    this.total = 0;
    this.complete = false;
    this.numbers = new Map(); // row → hit
    this.places = new Map(); // hit → row
    this.wanted = new Set();
    this.dropped = false;
  }

  drop() {
    this.dropped = true;
    clearTimeout(this.waiting);
  }

  numberAt(row) {
    return this.numbers.get(row) ?? 0;
  }

  rowOf(number) {
    return this.places.get(number) ?? -1;
  }

  async #ask(parameters) {
    const answer = await rest.found(this.run, { q: this.query, ...(this.judged ? { verdict: 1 } : {}), ...parameters });
    if (this.dropped) return answer;
    answer.hits.forEach((hit, at) => {
      this.numbers.set(answer.offset + at, hit.number);
      this.places.set(hit.number, answer.offset + at);
    });
    this.total = answer.total;
    this.complete = answer.complete;
    this.on.loaded(answer.hits);
    this.on.changed();
    if (!answer.complete) this.#more();
    return answer;
  }

  // The search goes on at the server only when somebody asks.
  #more() {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.refresh(), 0);
  }

  refresh() {
    return this.#ask({ offset: 0, limit: 1 }).catch((error) => this.dropped || this.on.failed(error));
  }

  // A run goes on: its list may be longer now.
  grown() {
    if (this.growing || this.dropped) return;
    this.growing = setTimeout(() => {
      this.growing = 0;
      if (!this.dropped) this.refresh();
    }, AGAIN);
  }

  request(first, last) {
    for (let page = Math.floor(first / this.page); page * this.page < last; page += 1) {
      if (this.wanted.has(page) || !this.#missing(page, first, last)) continue;
      this.wanted.add(page);
      this.#ask({ offset: page * this.page, limit: this.page })
        .catch(() => {})
        .finally(() => setTimeout(() => this.wanted.delete(page), AGAIN));
    }
  }

  #missing(page, first, last) {
    const end = Math.min(last, (page + 1) * this.page, this.total);
    for (let row = Math.max(first, page * this.page); row < end; row += 1) if (!this.numbers.has(row)) return true;
    return false;
  }

  // The place of a hit, or of the first one behind it.
  async locate(number) {
    if (this.places.has(number)) return this.places.get(number);
    const answer = await this.#ask({ around: number, limit: 20 });
    return Math.min(answer.offset, Math.max(0, answer.total - 1));
  }

  async numberNear(row) {
    const at = Math.max(0, Math.min(this.total - 1, row));
    if (!this.numbers.has(at)) await this.#ask({ offset: at, limit: 20 });
    return this.numberAt(at);
  }
}
