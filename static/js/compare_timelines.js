// The timelines of two runs above each other: what one does the other follows.
import { Timeline } from "./timeline/timeline.js";

const point = (text) => (/^\d+$/.test(text ?? "") ? { time: Number(text), seq: 0 } : null);

const KEY = "hwbp-compare-timelines";

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export class Pair {
  constructor() {
    this.box = document.getElementById("cmp-tl");
    const canvases = [...(this.box?.querySelectorAll("canvas") ?? [])];
    this.both = canvases.map((canvas, at) => new Timeline(canvas, this.hands(at), { run: canvas.dataset.run, overview: false }));
    if (this.both.length === 2) this.start();
    if (this.box) this.remember();
  }

  // On a phone they would push the runs out of sight; whoever closes them finds them closed.
  remember() {
    const kept = stored();
    this.box.open = kept === null ? !matchMedia("(max-width: 819px)").matches : kept === "1";
    this.box.addEventListener("toggle", () => {
      try {
        localStorage.setItem(KEY, this.box.open ? "1" : "0");
      } catch {
        // Private mode: open or closed for this page.
      }
    });
  }

  hands(at) {
    const nothing = () => {};
    return {
      hit: (number) => this.open(at, number),
      event: nothing,
      problem: nothing,
      moved: nothing,
      say: nothing,
      brush: (from, to) => this.both[at].view.set(from, to + 1),
      viewed: (view) => this.follow(at, view),
    };
  }

  async start() {
    await Promise.all(this.both.map((drawn) => drawn.start()));
    const longest = Math.max(...this.both.map((drawn) => drawn.view.last));
    const first = point(this.box.dataset.first);
    for (const drawn of this.both) {
      drawn.longest = longest;
      drawn.mark = first;
      drawn.problems = (drawn.source.whole?.problems ?? []).map(({ at, seq }) => ({ time: at, seq }));
      drawn.view.bounds(0, longest);
    }
    this.begin(longest);
    this.show();
  }

  // Where nearly all of a run is idle, begin with what happens.
  begin(longest) {
    const wholes = this.both.map((drawn) => drawn.source.whole).filter(Boolean);
    if (wholes.some((whole) => whole.lanes.some((lane) => lane.density))) return;
    const places = wholes.flatMap((whole) => [...whole.lanes.flatMap((lane) => lane.places), ...whole.problems.map(({ at }) => at)]);
    const [low, high] = [Math.min(...places), Math.max(...places)];
    const room = Math.max(10, high - low);
    if (places.length && room * 4 < longest) this.both[0].view.set(low - room / 2, high + room);
  }

  // Both have the same span; whoever is moved leads.
  follow(at, { from, to, whole }) {
    const other = this.both?.[1 - at];
    if (!other || this.leading || !other.source.whole) return;
    this.leading = true;
    if (other.view.from !== from || other.view.to !== to) {
      if (whole) other.view.fit();
      else other.view.set(from, to);
    }
    this.leading = false;
  }

  // The chosen difference.
  show() {
    const chosen = point(document.getElementById("main")?.dataset.time);
    for (const drawn of this.both) drawn.select(chosen);
  }

  open(at, number) {
    location.assign(`${this.both[at].canvas.dataset.page}&hit=${number}`);
  }

  get keys() {
    const view = this.both[0]?.view;
    if (!view) return {};
    const middle = () => (this.both[0].cursor ? Math.max(0, Math.min(view.width, view.x(this.both[0].cursor.time))) : undefined);
    return {
      w: () => view.zoom(0.6, middle()),
      s: () => view.zoom(1 / 0.6, middle()),
      a: () => view.pan(-0.2),
      d: () => view.pan(0.2),
      f: () => view.fit(),
      z: () => this.both[0].cursor && this.both[0].zoomTo(this.both[0].cursor),
    };
  }
}
