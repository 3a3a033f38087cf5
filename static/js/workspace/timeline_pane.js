// The timeline in the session page: its head, its buttons, its place in the address.
import { Timeline } from "../timeline/timeline.js";

const AXES = ["time", "events"];
const $ = (id) => document.getElementById(id);

export class TimelinePane {
  // on: { hit(number), event(seq), problem(problem), brush(from, to, axis) }
  constructor(run, address, problems, on) {
    this.address = address;
    this.problems = problems;
    this.live = false;
    this.drawn = new Timeline(
      $("tl"),
      {
        hit: on.hit,
        event: on.event,
        problem: (at) => problems.all[at] && on.problem(problems.all[at]),
        brush: on.brush,
        moved: () => this.moved(),
        answered: () => this.words(),
        say: (text) => ($("s-hover").textContent = text),
      },
      { run },
    );
    $("tl-follow").addEventListener("click", () => this.view.stick());
    for (const id of ["tl-axis", "tl-zoom"]) $(id).hidden = false;
    $("tl-zoom").addEventListener("click", (event) => this.zoomed(event.target.closest("[data-zoom]")?.dataset.zoom));
    $("tl-axis").addEventListener("click", (event) => {
      const axis = event.target.closest("[data-axis]")?.dataset.axis;
      if (axis) this.setAxis(axis);
    });
  }

  // A run that kgdb may stop is told by events: its stops take no time.
  get usual() {
    return $("tl").dataset.axis;
  }

  get view() {
    return this.drawn.view;
  }

  async start(filtered) {
    const asked = this.address.get("axis");
    const axis = AXES.includes(asked) ? asked : this.usual;
    const from = this.address.number("from");
    const to = this.address.number("to");
    this.drawn.problems = this.problems.all;
    this.press(axis);
    this.filtered(filtered);
    await this.drawn.start(to > from ? { axis, from, to } : { axis });
    if (this.drawn.cursor && !(to > from)) this.drawn.select(this.drawn.cursor);
    this.words();
  }

  zoomed(how) {
    if (how === "fit") this.view.fit();
    else if (how) this.view.zoom(how === "in" ? 0.5 : 2);
  }

  press(axis) {
    for (const button of $("tl-axis").children) button.setAttribute("aria-pressed", String(button.dataset.axis === axis));
  }

  async setAxis(axis) {
    if (axis === this.drawn.axis) return;
    this.press(axis);
    this.address.put({ axis: axis === this.usual ? null : axis, from: null, to: null });
    await this.drawn.setAxis(axis);
    this.on?.axis?.(axis);
    this.words();
  }

  // What is shown is in the address, unless it is all or follows the end.
  moved() {
    const { from, to, whole, follow } = this.view;
    this.address.put(whole || follow ? { from: null, to: null } : { from, to });
    this.words();
  }

  words() {
    $("tl-range").textContent = this.drawn.rangeWords;
    const count = this.drawn.countWords;
    if (count) $("tl-count").textContent = count;
    $("tl-follow").hidden = !this.live || this.view.whole || this.view.follow;
  }

  filtered(of) {
    this.drawn.filtered = of(this.drawn.axis);
    this.drawn.draw();
  }

  refreshProblems() {
    this.drawn.problems = this.problems.all;
    this.drawn.draw();
  }

  // Keys of the sheet.
  get keys() {
    const middle = () => (this.drawn.cursor ? Math.max(0, Math.min(this.view.width, this.view.x(this.drawn.at(this.drawn.cursor)))) : undefined);
    return {
      w: () => this.view.zoom(0.6, middle()),
      s: () => this.view.zoom(1 / 0.6, middle()),
      a: () => this.view.pan(-0.2),
      d: () => this.view.pan(0.2),
      f: () => this.view.fit(),
      z: () => this.drawn.cursor && this.drawn.zoomTo(this.drawn.cursor),
    };
  }
}
