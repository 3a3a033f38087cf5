// Over the lanes: what is wrong, what is pinned, the filtered span, the cursor, the pointer's line.
import { grouped, seconds } from "../format.js";
import { line } from "./frame.js";
import { polygon } from "./look.js";

const ROOM = 6; // pixels a problem needs: closer ones are drawn as one

export function paintProblems(g, { look, view, layout, problems, at, answer }) {
  const y = layout.problems + 7;
  let last = -Infinity;
  g.fillStyle = look.fault;
  for (const problem of problems) {
    const x = view.x(at(problem));
    if (x < -4 || x > view.width + 4 || x - last < ROOM) continue;
    last = x;
    g.beginPath();
    polygon(g, [x - 4, y - 4, x + 4, y - 4, x, y + 4]);
    g.fill();
  }
  g.strokeStyle = look["ink-2"];
  g.lineWidth = 1.25;
  for (const fault of answer?.faults ?? []) {
    const x = view.x(fault.at);
    if (x < -4 || x > view.width + 4) continue;
    g.beginPath();
    polygon(g, [x - 3.5, y - 3.5, x + 3.5, y - 3.5, x, y + 3.5]);
    g.stroke();
  }
}

export function paintPins(g, { look, view, layout, answer }) {
  g.lineWidth = 1;
  for (const pin of answer?.pins ?? []) {
    const x = view.x(pin.at);
    if (x < 0 || x > view.width) continue;
    g.setLineDash([2, 3]);
    line(g, look.accent, x, layout.problems, x, layout.height - 3);
    g.setLineDash([]);
    g.fillStyle = look.accent;
    const y = layout.axis;
    g.beginPath();
    polygon(g, [x - 4, y + 4, x + 4, y + 4, x + 4, y + 11, x, y + 16, x - 4, y + 11]);
    g.fill();
  }
}

export function paintSpan(g, { look, view, layout }, span, fill) {
  if (!span) return;
  const left = Math.max(-2, view.x(Math.min(...span)));
  const right = Math.min(view.width + 2, view.x(Math.max(...span)));
  if (right < 0 || left > view.width) return;
  g.fillStyle = look.accent;
  g.globalAlpha = fill;
  g.fillRect(left, layout.axis, right - left, layout.height);
  g.globalAlpha = 1;
  g.fillRect(left, layout.axis, 1, layout.height);
  g.fillRect(right - 1, layout.axis, 1, layout.height);
  g.fillRect(left, layout.problems - 2, Math.max(1, right - left), 2);
}

export function paintCursor(g, { look, view, layout, axis }, place) {
  const x = view.x(place);
  if (x < 0 || x > view.width) return;
  g.lineWidth = 1;
  line(g, look.ink, x, layout.axis, x, layout.height);
  const words = axis === "events" ? `event ${grouped(place)}` : `${seconds(place)} s`;
  const wide = g.measureText(words).width + 10;
  const left = Math.min(view.width - wide, Math.max(0, x - wide / 2));
  g.fillStyle = look.ink;
  g.fillRect(left, layout.axis, wide, 16);
  g.fillStyle = look["ink-inverse"];
  g.textAlign = "left";
  g.fillText(words, left + 5, layout.axis + 8.5);
}

export function paintMark(g, { look, view, layout }, place) {
  const x = view.x(place);
  g.lineWidth = 1.5;
  line(g, look.fault, x, 0, x, layout.height);
}

export function paintHover(g, { look, layout }, x) {
  g.fillStyle = look["ink-3"];
  g.globalAlpha = 0.6;
  g.fillRect(Math.round(x), layout.problems, 1, layout.height);
  g.globalAlpha = 1;
}
