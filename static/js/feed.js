// A run's live stream: cursor, reconnect with back-off, no event twice, gaps named and filled.
import { GAP, RECORDS, RESET, STATE, decode, eachHit, eachRefusal } from "./wire.js";

const FIRST_WAIT = 400;
const LONGEST_WAIT = 8000;

export class Feed {
  // on: { hits(list, lastNumber), state(object), refused(index, ret), reset(), gap(first, count), line(text|null) }
  constructor(run, epoch, seq, on) {
    this.run = run;
    this.epoch = epoch;
    this.seq = seq;
    this.on = on;
    this.wait = FIRST_WAIT;
    this.over = false;
  }

  start() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const url = `${scheme}//${location.host}/ws/runs/${this.run}/?after=${this.epoch}:${this.seq}`;
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      this.wait = FIRST_WAIT;
      this.on.line(null);
    });
    socket.addEventListener("message", (event) => this.take(decode(event.data)));
    socket.addEventListener("close", (event) => this.lost(event.code));
    return this;
  }

  take(frame) {
    if (frame.type === STATE) return this.on.state(frame.state);
    if (frame.type === RESET) return this.reset(frame.epoch);
    if (frame.epoch !== this.epoch) this.reset(frame.epoch);
    if (frame.type === GAP) {
      this.on.gap(frame.first, frame.count);
      this.seq = Math.max(this.seq, frame.first + frame.count - 1);
      return undefined;
    }
    if (frame.type === RECORDS) {
      // The server replays from the cursor, so a hole here is a lost frame: fill it as a stated gap.
      if (frame.first > this.seq + 1) this.on.gap(this.seq + 1, frame.first - this.seq - 1);
      eachRefusal(frame, this.on.refused);
      const fresh = [];
      const last = eachHit(frame, this.seq, (hit) => fresh.push(hit));
      this.seq = Math.max(this.seq, frame.first + frame.count - 1);
      this.on.hits(fresh, last);
    }
    return undefined;
  }

  reset(epoch) {
    this.epoch = epoch;
    this.seq = 0;
    this.on.reset();
  }

  finish() {
    this.over = true;
    this.socket?.close();
  }

  lost(code) {
    if (this.over) return;
    if (code === 4403 || code === 4404) {
      this.on.line("This run is no longer open to you. What is loaded stays readable.");
      return;
    }
    const wait = this.wait * (0.75 + Math.random() / 2);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    this.on.line(`Connection lost. Showing up to event ${this.seq}; trying again in ${Math.ceil(wait / 1000)} s.`);
    setTimeout(() => this.start(), wait);
  }
}
