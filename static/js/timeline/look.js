// Colours and fonts of the canvas: the page's own tokens, read again when the theme changes.
const ROLES = ["bg", "surface", "sunken", "ink", "ink-2", "ink-3", "ink-inverse", "line", "line-strong", "accent", "fault"];
const OWN = ["tl-grid", "tl-kgdb", "tl-task-a", "tl-task-b"];

export class Look {
  constructor(onChange) {
    this.read();
    const again = () => {
      this.read();
      onChange();
    };
    new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
    document.fonts.load("11px 'IBM Plex Mono'").then(again, () => {});
  }

  read() {
    const style = getComputedStyle(document.documentElement);
    const role = (name) => style.getPropertyValue(`--${name}`).trim();
    for (const name of [...ROLES, ...OWN]) this[name] = role(name);
    this.slots = [0, 1, 2, 3].map((slot) => role(`slot-${slot}`));
    this.mono = role("font-mono");
    this.hatch = null;
  }

  // The pattern of a window in which CPUs stand still.
  hatched(g) {
    if (this.hatch) return this.hatch;
    const tile = document.createElement("canvas");
    tile.width = tile.height = 6;
    const k = tile.getContext("2d");
    k.strokeStyle = this["tl-kgdb"];
    k.globalAlpha = 0.5;
    for (const [x, y, u, v] of [[-1, 7, 7, -1], [-1, 1, 1, -1], [5, 7, 7, 5]]) {
      k.beginPath();
      k.moveTo(x, y);
      k.lineTo(u, v);
      k.stroke();
    }
    this.hatch = g.createPattern(tile, "repeat");
    return this.hatch;
  }
}

// The four slots: circle, diamond, triangle, square; hollow for what should have fired. No slot: a ring.
export function glyph(g, slot, x, y, hollow) {
  const r = 3.6;
  g.beginPath();
  if (slot === 0 || slot === null) g.arc(x, y, r, 0, 2 * Math.PI);
  else if (slot === 1) polygon(g, [x, y - r - 0.8, x + r + 0.8, y, x, y + r + 0.8, x - r - 0.8, y]);
  else if (slot === 2) polygon(g, [x, y - r, x + r + 0.4, y + r - 0.4, x - r - 0.4, y + r - 0.4]);
  else g.rect(x - r + 0.3, y - r + 0.3, 2 * r - 0.6, 2 * r - 0.6);
  if (hollow) {
    g.lineWidth = 1.25;
    g.stroke();
  } else g.fill();
}

export function polygon(g, points) {
  g.moveTo(points[0], points[1]);
  for (let at = 2; at < points.length; at += 2) g.lineTo(points[at], points[at + 1]);
  g.closePath();
}
