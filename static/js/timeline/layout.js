// Where things stand on the canvas, in CSS pixels. templates/sessions/_timeline.html labels the same rows.
export const OVER = 26; // the whole run, in small
const GAP = 4;
const AXIS = 18;
const PROBLEMS = 12;
export const TASK = 11;
export const SLOT = 10;
const PAD = 7;
export const LANE = TASK + 4 * SLOT + PAD;
export const GLYPH = 7; // columns of a glyph, as sessions_app/timeline/lanes.py has it

export class Layout {
  constructor(cpus, { overview = true } = {}) {
    this.cpus = cpus;
    this.overview = overview;
    this.axis = overview ? OVER + GAP : 0;
    this.problems = this.axis + AXIS;
    this.lanes = this.problems + PROBLEMS;
    this.height = this.lanes + cpus * LANE;
  }

  lane(cpu) {
    return this.lanes + cpu * LANE;
  }

  // The middle of a slot's row; a watch in no slot of the hardware stands with the task.
  row(cpu, slot) {
    return this.lane(cpu) + TASK + (slot ?? -0.5) * SLOT + SLOT / 2;
  }

  // What is at a height: over, axis, problems, or a lane with its CPU and slot.
  at(y) {
    if (this.overview && y < OVER) return { part: "over" };
    if (y < this.problems) return { part: "axis" };
    if (y < this.lanes) return { part: "problems" };
    const cpu = Math.min(this.cpus - 1, Math.floor((y - this.lanes) / LANE));
    const slot = Math.floor((y - this.lane(cpu) - TASK) / SLOT);
    return { part: "lane", cpu, slot: slot >= 0 && slot < 4 ? slot : null };
  }
}
