// The timeline of a run: what is shown, what is asked for, what is drawn. A frame costs what a screen
// can show, never what a run has: the server counts (docs/architecture.md).
import { paintAxis, paintOverview } from "./frame.js";
import { paintBands, paintLanes } from "./lanes.js";
import { Layout } from "./layout.js";
import { Look } from "./look.js";
import { paintCursor, paintHover, paintMark, paintPins, paintProblems, paintSpan } from "./marks.js";
import { Pointer } from "./pointer.js";
import { Source } from "./source.js";
import { View } from "./view.js";
import { countWords, hoverWords, nearestMark, spanWords } from "./words.js";

const SETTLED = 250;

export class Timeline {
  // on: { hit(number), event(seq), problem(index), brush(from, to, axis), moved(), say(text) }
  constructor(canvas, on, { run, overview = true } = {}) {
    Object.assign(this, { canvas, on });
    this.g = canvas.getContext("2d");
    this.still = document.createElement("canvas").getContext("2d"); // all but what follows the pointer
    this.layout = new Layout(Number(canvas.dataset.cpus) || 1, { overview });
    this.view = new View((changed) => this.changed(changed));
    this.source = new Source(run, { answer: (answer) => this.answered(answer), failed: () => {} });
    this.look = new Look(() => this.draw());
    this.problems = []; // { time, seq }
    this.cursor = null; // { time, seq } of what is chosen
    this.mark = null; // { time, seq }
    this.filtered = null; // [from, to] of the query
    this.longest = 0; // of another run that is shown with the same zoom
    this.brush = this.hover = null;
    this.frames = []; // milliseconds of the last frames
    this.pointer = new Pointer(canvas, this.view, this.layout, this.#hands());
    canvas.style.height = `${this.layout.height}px`;
    new ResizeObserver(() => this.resize()).observe(canvas);
    this.resize();
  }

  get axis() {
    return this.source.axis;
  }

  at = (point) => (this.axis === "events" ? point.seq : point.time);

  #hands() {
    return {
      hover: (x, y) => this.hovered(x, y),
      leave: () => {
        this.hover = null;
        this.on.say("");
        this.redraw();
      },
      click: (x, y) => this.clicked(x, y),
      brushing: (from, to) => {
        this.brush = from === null ? null : [from, to];
        this.redraw();
      },
      brushed: (from, to) => {
        this.brush = null;
        this.redraw();
        const places = [from, to].map((place) => Math.round(place)).sort((a, b) => a - b);
        this.on.brush(Math.max(this.view.first, places[0]), Math.min(this.view.last - 1, places[1]), this.axis);
      },
      fit: () => this.view.fit(),
    };
  }

  // A span that an address names, or the whole run.
  async start({ axis = "time", from = null, to = null } = {}) {
    this.source.setAxis(axis);
    if (from !== null && to !== null) {
      Object.assign(this.view, { whole: false, first: 0, last: Math.max(to, this.view.last), from, to });
    }
    await this.refresh();
  }

  async setAxis(axis) {
    this.source.setAxis(axis);
    this.view.whole = true;
    await this.refresh();
  }

  async refresh() {
    try {
      await this.source.refresh(this.columns);
    } catch {
      return; // What is drawn stays; the page says that the connection is lost.
    }
    const { whole } = this.source;
    if (!whole) return;
    this.view.bounds(whole.first, Math.max(whole.last, this.longest));
    this.source.ask(this.view, this.columns);
    this.draw();
  }

  grown() {
    this.source.grown(() => this.refresh());
  }

  get columns() {
    return Math.max(1, Math.round(this.view.width));
  }

  resize() {
    const box = this.canvas.getBoundingClientRect();
    if (!box.width) return;
    const ratio = devicePixelRatio || 1;
    for (const g of [this.g, this.still]) {
      g.canvas.width = Math.round(box.width * ratio);
      g.canvas.height = Math.round(this.layout.height * ratio);
      g.setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    const other = this.view.width !== box.width;
    this.view.width = box.width;
    if (other && this.source.whole) this.refresh();
    this.draw();
  }

  changed(moved) {
    if (moved) this.source.ask(this.view, this.columns);
    this.on.viewed?.(this.view);
    this.draw();
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.on.moved(), SETTLED);
  }

  answered() {
    this.draw();
    this.on.answered?.();
  }

  select(point, reveal = true) {
    this.cursor = point;
    if (point && reveal && this.source.whole) this.view.reveal(this.at(point));
    this.draw();
  }

  zoomTo(point) {
    const place = this.at(point);
    const { whole } = this.source;
    const length = this.view.last - this.view.first;
    const span = Math.min(length, Math.max(100, (length * 60) / Math.max(60, whole?.count ?? 0)));
    this.view.set(place - span / 4, place + (span * 3) / 4);
  }

  hovered(x, y) {
    this.hover = x;
    const where = this.layout.at(y);
    this.canvas.style.cursor = where.part === "lane" ? "crosshair" : where.part === "axis" ? "col-resize" : "pointer";
    this.on.say(hoverWords(this, where, x));
    this.redraw();
  }

  async clicked(x, y) {
    const where = this.layout.at(y);
    if (where.part === "problems") return this.on.problem(this.nearestProblem(x));
    if (where.part !== "lane") return undefined;
    const near = nearestMark(this.source.fine, this.view, where.cpu, where.slot, x);
    if (near) return near.lane.fired ? this.on.hit(near.lane.numbers[near.index]) : this.on.event(near.lane.numbers[near.index]);
    const place = this.view.place(x);
    const found = await this.source.nearest(place, where.cpu, where.slot).catch(() => null);
    const wider = found?.hit_no || where.slot === null ? found : await this.source.nearest(place, where.cpu, null).catch(() => null);
    return wider?.hit_no ? this.on.hit(wider.hit_no) : undefined;
  }

  nearestProblem(x) {
    const away = this.problems.map((problem) => Math.abs(this.view.x(this.at(problem)) - x));
    return away.indexOf(Math.min(...away));
  }

  get rangeWords() {
    return spanWords(this.view, this.axis);
  }

  get countWords() {
    const { fine } = this.source;
    const exact = fine && fine.from === this.view.from && fine.to === this.view.to;
    return exact ? countWords(fine, this.view, this.axis) : "";
  }

  draw() {
    this.stale = true;
    this.redraw();
  }

  // Lanes of a long run take longer to paint than a pointer waits: they are kept as a picture.
  redraw() {
    if (this.pending) return;
    this.pending = requestAnimationFrame(() => {
      this.pending = 0;
      const began = performance.now();
      const frame = this.frame();
      if (this.stale) this.paintStill(frame);
      this.stale = false;
      this.paint(frame);
      this.frames.push(performance.now() - began);
      if (this.frames.length > 600) this.frames.shift();
    });
  }

  frame() {
    const { look, view, layout, axis, problems, at } = this;
    const { whole, fine } = this.source;
    const cursor = this.cursor ? view.x(at(this.cursor)) : null;
    return { look, view, layout, whole, fine, answer: fine ?? whole, axis, problems, at, cursor };
  }

  paintStill(frame) {
    const { still: g, view, layout, look } = this;
    g.clearRect(0, 0, view.width, layout.height);
    g.font = `11px ${look.mono}`;
    if (layout.overview) paintOverview(g, frame);
    paintAxis(g, frame);
    if (frame.answer) paintBands(g, frame);
    paintLanes(g, frame);
    paintSpan(g, frame, this.filtered, 0.07);
    paintProblems(g, frame);
    paintPins(g, frame);
    if (this.mark) paintMark(g, frame, this.at(this.mark));
    if (this.cursor) paintCursor(g, frame, this.at(this.cursor));
  }

  paint(frame) {
    const { g, still } = this;
    g.save();
    g.resetTransform();
    g.clearRect(0, 0, g.canvas.width, g.canvas.height);
    g.drawImage(still.canvas, 0, 0);
    g.restore();
    g.font = still.font;
    g.textBaseline = still.textBaseline;
    if (this.brush) paintSpan(g, frame, this.brush, 0.16);
    else if (this.hover !== null) paintHover(g, frame, this.hover);
  }
}
