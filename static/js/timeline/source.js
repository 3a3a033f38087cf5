// What the server says of a span. The last answers stay: until a new one is there, an old one is drawn.
const BASE = "/api/v1";
const PAUSE = 30;
const SOONEST = 700; // between two looks at a run that goes on
const LATEST = 10_000;
const REST = 20; // a server that took long is asked less often

export class Source {
  // on: { answer(answer), failed(error) }
  constructor(run, on) {
    this.run = run;
    this.on = on;
    this.axis = "time";
    this.whole = null; // the run in small
    this.fine = null; // the span that was asked for last
    this.turn = 0;
  }

  setAxis(axis) {
    this.axis = axis;
    this.turn += 1;
    this.whole = this.fine = null;
  }

  async #read(path, parameters) {
    const query = new URLSearchParams({ axis: this.axis, ...parameters });
    const answer = await fetch(`${BASE}/runs/${this.run}/timeline/${path}?${query}`, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(`${answer.status}`);
    return answer.json();
  }

  // All of the run in so many columns.
  async refresh(width) {
    const turn = this.turn;
    const { axis } = this;
    const began = performance.now();
    const answer = await this.#read("", { width });
    this.took = performance.now() - began;
    if (axis !== this.axis) return;
    this.whole = prepared(answer);
    if (turn === this.turn) this.on.answer(this.whole);
  }

  // A span; of several that are asked for in quick succession only the last is sent.
  ask(view, width) {
    this.turn += 1;
    clearTimeout(this.waiting);
    if (view.whole && this.whole?.columns === width && this.whole.to === view.to) {
      this.fine = this.whole;
      return;
    }
    const turn = this.turn;
    const wanted = { from: view.from, to: view.to, width };
    this.waiting = setTimeout(async () => {
      try {
        const answer = prepared(await this.#read("", wanted));
        if (turn !== this.turn) return;
        this.fine = answer;
        this.on.answer(answer);
      } catch (error) {
        if (turn === this.turn) this.on.failed(error);
      }
    }, PAUSE);
  }

  // The run goes on: look again, but not more often than a person sees and the server bears.
  grown(again) {
    if (this.growing) return;
    this.growing = setTimeout(() => {
      this.growing = 0;
      again();
    }, Math.min(LATEST, Math.max(SOONEST, (this.took ?? 0) * REST)));
  }

  nearest(at, cpu, slot) {
    const place = { at: Math.max(0, Math.round(at)), cpu };
    return this.#read("nearest/", slot === null ? place : { ...place, slot });
  }
}

// Lanes by where they stand, and how many hits each column of the whole has.
function prepared(answer) {
  const span = answer.to - answer.from;
  const totals = new Uint32Array(answer.columns);
  for (const lane of answer.lanes) {
    if (!lane.fired) continue;
    if (lane.density) lane.density.forEach((n, at) => (totals[at] += n));
    else for (const at of lane.places) totals[Math.floor(((at - answer.from) * answer.columns) / span)] += 1;
  }
  answer.totals = totals;
  answer.most = totals.reduce((most, n) => Math.max(most, n), 0);
  answer.count = answer.lanes.reduce((sum, lane) => sum + (lane.fired ? lane.count : 0), 0);
  answer.missed = answer.lanes.reduce((sum, lane) => sum + (lane.fired ? 0 : lane.count), 0);
  return answer;
}
