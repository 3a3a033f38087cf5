// Wheel, drag, pinch and click on the canvas.
const MOVED = 3;
const EDGE = 7;

export class Pointer {
  // on: { hover(x, y), leave(), click(x, y), brushing(from, to), brushed(from, to), fit() }
  constructor(canvas, view, layout, on) {
    Object.assign(this, { canvas, view, layout, on });
    this.fingers = new Map();
    this.drag = null;
    canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    canvas.addEventListener("pointerdown", (event) => this.down(event));
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerup", (event) => this.up(event));
    canvas.addEventListener("pointercancel", (event) => this.cancel(event));
    canvas.addEventListener("pointerleave", () => this.drag || on.leave());
    canvas.addEventListener("dblclick", () => on.fit());
  }

  spot(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  wheel(event) {
    if (event.ctrlKey || event.altKey) return; // the browser's own zoom
    event.preventDefault();
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (sideways) this.view.pan((event.deltaX || event.deltaY) / 1200);
    else this.view.zoom(Math.exp(event.deltaY / 400), this.spot(event).x);
  }

  down(event) {
    const at = this.spot(event);
    this.fingers.set(event.pointerId, at);
    this.canvas.setPointerCapture(event.pointerId);
    if (this.fingers.size === 2) return this.pinch();
    if (event.button) return undefined;
    const { part } = this.layout.at(at.y);
    const mode = part === "over" ? this.overMode(at.x) : part === "axis" ? "brush" : "pan";
    this.drag = { mode, ...at, from: this.view.from, to: this.view.to, moved: false };
    return undefined;
  }

  // In the overview: an edge of the window, the window itself, or beside it.
  overMode(x) {
    const { first, last, from, to, width, whole } = this.view;
    const at = (place) => ((place - first) / (last - first)) * width;
    if (whole) return "draw";
    if (Math.abs(x - at(from)) < EDGE) return "left";
    if (Math.abs(x - at(to)) < EDGE) return "right";
    return x > at(from) && x < at(to) ? "window" : "draw";
  }

  pinch() {
    const [one, two] = [...this.fingers.values()];
    const { from, to } = this.view;
    this.drag = { mode: "pinch", moved: true, from, to, gap: Math.max(20, Math.abs(one.x - two.x)), middle: (one.x + two.x) / 2 };
  }

  move(event) {
    const at = this.spot(event);
    if (this.fingers.has(event.pointerId)) this.fingers.set(event.pointerId, at);
    const { drag } = this;
    if (!drag) return this.on.hover(at.x, at.y);
    if (drag.mode === "pinch") return this.pinched();
    drag.moved ||= Math.abs(at.x - drag.x) > MOVED;
    return drag.moved ? this.dragged(drag, at.x) : undefined;
  }

  pinched() {
    if (this.fingers.size < 2) return;
    const { drag, view } = this;
    const [one, two] = [...this.fingers.values()];
    const span = ((drag.to - drag.from) * drag.gap) / Math.max(20, Math.abs(one.x - two.x));
    const held = drag.from + (drag.middle / view.width) * (drag.to - drag.from);
    const from = held - ((one.x + two.x) / 2 / view.width) * span;
    view.set(from, from + span);
  }

  dragged(drag, x) {
    const { view } = this;
    const run = view.last - view.first;
    const over = (px) => view.first + (px / view.width) * run;
    const by = ((x - drag.x) / view.width) * (drag.mode === "pan" ? drag.from - drag.to : run);
    if (drag.mode === "pan" || drag.mode === "window") view.set(drag.from + by, drag.to + by);
    else if (drag.mode === "left") view.set(Math.min(over(x), drag.to - 1), drag.to);
    else if (drag.mode === "right") view.set(drag.from, Math.max(over(x), drag.from + 1));
    else if (drag.mode === "brush") this.on.brushing(view.place(drag.x), view.place(x));
    else view.set(Math.min(over(x), over(drag.x)), Math.max(over(x), over(drag.x)));
  }

  up(event) {
    const { drag, view } = this;
    const at = this.spot(event);
    this.fingers.delete(event.pointerId);
    if (this.fingers.size) return;
    this.drag = null;
    if (!drag || drag.mode === "pinch") return;
    if (drag.mode === "brush" && drag.moved) this.on.brushed(view.place(drag.x), view.place(at.x));
    else if (!drag.moved && drag.mode === "pan") this.on.click(at.x, at.y);
    else if (!drag.moved && drag.mode !== "brush") this.centre(at.x);
  }

  centre(x) {
    const { view } = this;
    const middle = view.first + (x / view.width) * (view.last - view.first);
    view.set(middle - view.span / 2, middle + view.span / 2);
  }

  cancel(event) {
    this.fingers.delete(event.pointerId);
    this.drag = null;
    this.on.brushing(null, null);
  }
}
