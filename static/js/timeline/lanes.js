// Per CPU: who runs, windows of the debugger, guests, and a row of hits for each slot.
import { GLYPH, LANE, SLOT, TASK } from "./layout.js";
import { glyph } from "./look.js";

const NARROWEST = 1.5;

export function paintBands(g, { look, view, layout, answer }) {
  for (const band of answer.bands) {
    const left = Math.max(-4, view.x(band.start));
    const right = Math.min(view.width + 4, band.end === null ? view.width + 4 : view.x(band.end));
    if (right < 0 || left > view.width || band.cpu >= layout.cpus) continue;
    const place = { left, wide: Math.max(NARROWEST, right - left), top: layout.lane(band.cpu) };
    PAINT[band.sort](g, look, band, place);
  }
}

const PAINT = { task: paintTask, kgdb: paintWindow, vm: paintGuest };

function paintTask(g, look, band, { left, wide, top }) {
  g.fillStyle = look[band.task % 2 ? "tl-task-a" : "tl-task-b"];
  g.fillRect(left, top + 1, Math.max(1, wide - 1), TASK - 2);
  const words = band.drawn > 1 ? `${band.drawn} tasks` : `task ${band.task}`;
  write(g, look, words, Math.max(0, left) + 4, top + TASK / 2 + 0.5, Math.min(wide, left + wide) - 8);
}

function paintWindow(g, look, band, { left, wide, top }) {
  const high = LANE - 7;
  g.fillStyle = look.sunken;
  g.fillRect(left, top, wide, high);
  g.fillStyle = look.hatched(g);
  g.fillRect(left, top, wide, high);
  g.fillStyle = look["tl-kgdb"];
  if (!band.slave) g.fillRect(left, top - 1, wide, 2.5);
  g.fillRect(left, top, 1, high);
  if (wide > 3) g.fillRect(left + wide - 1, top, 1, high);
  const words = band.drawn > 1 ? `${band.drawn} windows` : band.slave ? "held by NMI round-up" : "in kgdb";
  write(g, look, words, Math.max(0, left) + 8, top + 24, Math.min(wide, left + wide) - 16, true);
}

function paintGuest(g, look, band, { left, wide, top }) {
  g.strokeStyle = look["ink-2"];
  g.setLineDash([3, 2]);
  g.lineWidth = 1;
  g.strokeRect(left + 0.5, top + 1.5, Math.max(1, wide - 1), LANE - 10);
  g.setLineDash([]);
  const words = band.drawn > 1 ? `${band.drawn} guests` : "guest runs";
  write(g, look, words, Math.max(0, left) + 4, top + LANE - 14, Math.min(wide, left + wide) - 8, true);
}

function write(g, look, words, x, y, room, boxed = false) {
  if (room < 20) return;
  g.font = `10px ${look.mono}`;
  const long = g.measureText(words).width;
  if (long <= room) {
    if (boxed) {
      g.fillStyle = look.surface;
      g.fillRect(x - 3, y - 7, long + 6, 14);
    }
    g.fillStyle = look["ink-2"];
    g.textAlign = "left";
    g.fillText(words, x, y);
  }
  g.font = `11px ${look.mono}`;
}

// Where the fine answer does not reach, the coarse one of the whole run is drawn.
export function paintLanes(g, frame) {
  const { look, view, layout, fine, whole } = frame;
  for (let cpu = 0; cpu < layout.cpus; cpu += 1) {
    g.fillStyle = look.line;
    g.fillRect(0, layout.lane(cpu) + LANE - 3, view.width, 1);
  }
  const left = fine ? Math.max(0, view.x(fine.from)) : 0;
  const right = fine ? Math.min(view.width, view.x(fine.to)) : 0;
  if (whole && whole !== fine) {
    if (left > 0) clipped(g, 0, Math.min(left, view.width), layout, () => paintMarks(g, frame, whole));
    if (right < view.width) clipped(g, Math.max(right, 0), view.width, layout, () => paintMarks(g, frame, whole));
  }
  if (fine) clipped(g, left - 4, right + 4, layout, () => paintMarks(g, frame, fine));
}

function clipped(g, left, right, layout, paint) {
  if (right <= left) return;
  g.save();
  g.beginPath();
  g.rect(left, layout.lanes, right - left, layout.height);
  g.clip();
  paint();
  g.restore();
}

function paintMarks(g, frame, answer) {
  const { look, view, layout } = frame;
  for (const lane of answer.lanes) {
    if (lane.cpu >= layout.cpus || !lane.count) continue;
    const y = layout.row(lane.cpu, lane.slot);
    g.fillStyle = g.strokeStyle = lane.slot === null ? look["ink-2"] : look.slots[lane.slot];
    if (lane.density) paintDensity(g, view, answer, lane, y);
    else paintGlyphs(g, view, lane, y);
  }
}

function paintGlyphs(g, view, lane, y) {
  for (const at of lane.places) {
    const x = view.x(at);
    if (x > -GLYPH && x < view.width + GLYPH) glyph(g, lane.slot, x, y, !lane.fired);
  }
}

// How many stand in a column is its height, on a logarithmic scale; hollow ones are two lines.
function paintDensity(g, view, answer, lane, y) {
  const share = (answer.to - answer.from) / answer.columns;
  const first = Math.max(0, Math.floor((view.from - answer.from) / share));
  const last = Math.min(answer.columns, Math.ceil((view.to - answer.from) / share));
  const wide = Math.max(1, (share / view.span) * view.width);
  for (let column = first; column < last; column += 1) {
    const n = lane.density[column];
    if (!n) continue;
    const high = Math.min(SLOT - 1, 3 + Math.log2(n) * 1.4);
    const x = view.x(answer.from + column * share);
    if (lane.fired) {
      g.globalAlpha = Math.min(1, 0.62 + n / 40);
      g.fillRect(x, y - high / 2, wide, high);
    } else {
      g.fillRect(x, y - high / 2, wide, 1);
      g.fillRect(x, y + high / 2 - 1, wide, 1);
    }
  }
  g.globalAlpha = 1;
}
