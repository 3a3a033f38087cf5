// The span that is looked at: whole numbers of ns or of events, within the run.
const SHORTEST = 40;

export class View {
  constructor(onChange) {
    this.onChange = onChange;
    this.first = 0;
    this.last = SHORTEST;
    this.from = 0;
    this.to = SHORTEST;
    this.width = 1;
    this.whole = true; // sticks to all of a run that grows
    this.follow = false; // sticks to its end
  }

  get span() {
    return this.to - this.from;
  }

  x(place) {
    return ((place - this.from) / this.span) * this.width;
  }

  place(x) {
    return this.from + (x / this.width) * this.span;
  }

  // The run has grown, or is another one.
  bounds(first, last) {
    const grew = last !== this.last || first !== this.first;
    const span = this.span;
    this.first = first;
    this.last = Math.max(last, first + SHORTEST);
    if (this.whole) this.#put(this.first, this.last);
    else if (this.follow) this.#put(this.last - span, this.last);
    else if (grew) this.onChange(false);
  }

  fit() {
    this.whole = true;
    this.follow = false;
    this.#put(this.first, this.last);
  }

  // A person moved it: it stays where it is put.
  set(from, to) {
    const span = Math.min(this.last - this.first, Math.max(SHORTEST, Math.round(to - from)));
    const start = Math.min(this.last - span, Math.max(this.first, Math.round(from)));
    this.whole = span >= this.last - this.first;
    this.follow = false;
    this.#put(start, start + span);
  }

  stick() {
    this.follow = true;
    this.whole = false;
    this.#put(this.last - this.span, this.last);
  }

  zoom(factor, x = this.width / 2) {
    const place = this.place(x);
    this.set(place - (place - this.from) * factor, place + (this.to - place) * factor);
  }

  pan(share) {
    const by = Math.round(this.span * share);
    this.set(this.from + by, this.to + by);
  }

  reveal(place) {
    if (place >= this.from && place < this.to) return;
    this.set(place - this.span / 2, place + this.span / 2);
  }

  #put(from, to) {
    const start = Math.max(this.first, from);
    const changed = start !== this.from || to !== this.to;
    this.from = start;
    this.to = Math.max(to, start + 1);
    this.onChange(changed);
  }
}
