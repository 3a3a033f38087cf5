// What is chosen: a hit, or an event that no hit caused. Everything on the page shows the same.
import { grouped } from "../format.js";

export class Selection {
  constructor({ data, table, pane, memory, timeline, problems, address, say }) {
    Object.assign(this, { data, table, pane, memory, timeline, problems, address, say });
    this.seq = 0; // of what the pane shows
    this.number = Number(data.hit) || 0; // the last hit that was chosen
  }

  get any() {
    return Boolean(this.table.chosen || this.data.event);
  }

  hit(number, options = {}) {
    if (number < 1 || number > this.table.total) return;
    delete this.data.event;
    this.number = number;
    this.data.hit = number;
    this.table.choose(number, options);
    if (!options.follow) this.place();
    this.address.put({ run: this.data.number, hit: number, event: null, moment: options.key, line: null });
    this.#told(number);
    const known = this.table.known.get(number);
    if (known) this.timeline.drawn.select({ time: Number(known.time), seq: known.seq }, !options.follow);
    this.pane.show(number, options.key);
    this.memory.moment({ hit: number });
  }

  event(seq) {
    this.data.event = seq;
    this.table.choose(0);
    this.address.put({ run: this.data.number, hit: null, event: seq, moment: null, line: null });
    this.pane.show(seq, "", this.data.eventFragment);
    this.memory.moment({ event: seq });
  }

  // A filtered table finds the row of the chosen hit only when it is asked.
  async place() {
    const { rows } = this.table;
    const wanted = this.number;
    if (!rows || !wanted || rows.rowOf(wanted) >= 0) return;
    const row = await rows.locate(wanted).catch(() => -1);
    if (row >= 0 && this.table.rows === rows && this.number === wanted && this.table.chosen) this.table.scrollTo(row);
  }

  #told(number) {
    for (const field of document.querySelectorAll('#share-body input[name="hit"]')) field.value = number;
    for (const text of document.querySelectorAll("[data-hit-number]")) text.textContent = grouped(number);
    for (const words of document.querySelectorAll("[data-hit-words]")) words.hidden = false;
    for (const link of document.querySelectorAll("[data-share]")) {
      const url = new URL(link.href);
      url.searchParams.set("hit", number);
      link.href = url;
    }
  }

  // The pane is there: it knows where in the run it is.
  shown() {
    const title = document.querySelector("#why-pane .hit-title");
    if (!title?.dataset.seq) return;
    this.seq = Number(title.dataset.seq);
    // A table at the end of a run that goes on moves by itself; the timeline stays with its own choice.
    const moves = this.timeline.live && this.table.follow;
    this.timeline.drawn.select({ time: Number(title.dataset.time), seq: this.seq }, !moves);
  }

  async step(by) {
    const { table } = this;
    const { rows } = table;
    if (!rows) return this.hit(this.number + by);
    const known = rows.rowOf(this.number);
    const at = known >= 0 ? known + by : (await rows.locate(this.number)) - (by < 0 ? 1 : 0);
    if (at < 0 || at >= rows.total) return undefined;
    const number = await rows.numberNear(at);
    return number ? this.hit(number) : undefined;
  }

  async end(last) {
    const { table } = this;
    if (!table.count) return undefined;
    if (!table.rows) return this.hit(last ? table.total : 1);
    return this.hit(await table.rows.numberNear(last ? table.count - 1 : 0));
  }

  problem(problem) {
    this.problems.choose(problem);
    if (problem.hit) this.hit(problem.hit, { centre: true });
    else this.event(problem.seq);
  }

  // n and N.
  walk(by) {
    const found = this.problems.beside(by, this.seq);
    if (found) this.problem(found);
    else if (!this.problems.all.length) this.say("nothing is known to be wrong in this run");
    else this.say(by > 0 ? "no problem behind this one" : "no problem before this one");
  }
}
