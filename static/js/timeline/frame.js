// The whole run in small, and the axis with its grid.
import { grouped } from "../format.js";
import { OVER } from "./layout.js";

export function paintOverview(g, { look, view, whole, problems, at }) {
  const { width } = view;
  g.fillStyle = look.sunken;
  g.fillRect(0, 0, width, OVER);
  const length = view.last - view.first;
  const x = (place) => ((place - view.first) / length) * width;
  if (whole) paintTotals(g, look, whole, x);
  g.fillStyle = look.fault;
  for (const problem of problems) g.fillRect(x(at(problem)) - 0.75, 1, 1.5, 4);
  if (view.whole) return;
  const left = x(view.from);
  const right = Math.max(left + 3, x(view.to));
  g.fillStyle = look.bg;
  g.globalAlpha = 0.68;
  g.fillRect(0, 0, left, OVER);
  g.fillRect(right, 0, width - right, OVER);
  g.globalAlpha = 1;
  g.strokeStyle = g.fillStyle = look.accent;
  g.lineWidth = 1.5;
  g.strokeRect(left + 0.75, 0.75, Math.max(1.5, right - left - 1.5), OVER - 1.5);
  if (right - left > 14) {
    g.fillRect(left - 1, 8, 4, OVER - 16);
    g.fillRect(right - 3, 8, 4, OVER - 16);
  }
}

function paintTotals(g, look, whole, x) {
  const share = (whole.to - whole.from) / whole.columns;
  const tallest = Math.log1p(whole.most) || 1;
  const wide = Math.max(1, x(whole.from + share) - x(whole.from));
  g.fillStyle = look["ink-3"];
  g.globalAlpha = 0.55;
  whole.totals.forEach((n, column) => {
    if (!n) return;
    const high = Math.max(1.5, (Math.log1p(n) / tallest) * (OVER - 8));
    g.fillRect(x(whole.from + column * share), OVER - 1 - high, wide, high);
  });
  g.globalAlpha = 1;
}

// Steps of 1, 2 or 5 that leave room for their labels.
export function step(span, width) {
  const raw = span / Math.max(2, width / 150);
  const power = 10 ** Math.floor(Math.log10(Math.max(1, raw)));
  return Math.max(1, [1, 2, 5, 10].map((k) => k * power).find((size) => size >= raw));
}

const UNITS = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];

export function label(place, size, axis) {
  if (axis === "events") return grouped(place);
  const [unit, name] = UNITS.find(([length]) => size >= length) ?? UNITS[3];
  return `${grouped(Math.floor(place / unit))} ${name}`;
}

export function paintAxis(g, { look, view, layout, axis, cursor }) {
  const base = layout.problems;
  const size = step(view.span, view.width);
  g.textBaseline = "middle";
  g.textAlign = "left";
  g.lineWidth = 1;
  for (let place = Math.ceil(view.from / size) * size; place <= view.to; place += size) {
    const x = Math.round(view.x(place)) + 0.5;
    line(g, look["tl-grid"], x, base, x, layout.height);
    line(g, look["line-strong"], x, base - 4, x, base);
    const free = cursor === null || Math.abs(x + 28 - cursor) > 84;
    if (!free || x + 60 > view.width) continue;
    g.fillStyle = look["ink-3"];
    g.fillText(label(place, size, axis), x + 4, layout.axis + 9);
  }
  line(g, look.line, 0, base + 0.5, view.width, base + 0.5);
}

export function line(g, colour, x, y, u, v) {
  g.strokeStyle = colour;
  g.beginPath();
  g.moveTo(x, y);
  g.lineTo(u, v);
  g.stroke();
}
