// The words over the table while it storms: how much was told as counts within the last second.
import { grouped } from "./format.js";

export class Storm {
  constructor(line) {
    this.line = line;
    this.events = 0;
    this.timer = 0;
  }

  took(events) {
    this.events += events;
    if (!this.timer) this.say();
  }

  say() {
    this.line.hidden = !this.events;
    if (this.events) {
      this.line.textContent = `Storm: ${grouped(this.events)} events in the last second, shown as counts. None is lost; rows load when looked at.`;
      this.timer = setTimeout(() => this.say(), 1000);
    } else this.timer = 0;
    this.events = 0;
  }
}
