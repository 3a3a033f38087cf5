// A run's live stream: cursor, reconnect with back-off, no event twice, gaps named and filled.
import {
  COUNTS,
  GAP,
  PRESENCE,
  RECORDS,
  RESET,
  STATE,
  decode,
  eachHit,
  eachLatest,
  eachRefusal,
  registers,
} from "./wire.js";

const FIRST_WAIT = 400;
const LONGEST_WAIT = 8000;
// The server keeps a window of eight frames or 128 KiB ahead of what was acknowledged.
const ACK_FRAMES = 4;
const ACK_BYTES = 1 << 16;

export class Feed {
  // on: { hits(list, lastNumber), counts(frame), state(object), viewers(object), refused(index, ret),
  //       registered(), reset(), gap(first, count), line(text|null) }
  constructor(run, epoch, seq, on) {
    this.run = run;
    this.epoch = epoch;
    this.seq = seq;
    this.on = on;
    this.wait = FIRST_WAIT;
    this.over = false;
    this.unsaid = { frames: 0, bytes: 0 };
  }

  start() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const url = `${scheme}//${location.host}/ws/runs/${this.run}/?after=${this.epoch}:${this.seq}&storm=counts&ack=1`;
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => {
      this.wait = FIRST_WAIT;
      this.unsaid = { frames: 0, bytes: 0 };
      if (!this.over) this.on.line(null);
    });
    socket.addEventListener("message", (event) => this.take(decode(event.data)));
    socket.addEventListener("close", (event) => this.lost(event.code));
    return this;
  }

  take(frame) {
    if (frame.type === STATE) return this.on.state(frame.told);
    if (frame.type === PRESENCE) return this.on.viewers(frame.told);
    if (frame.type === RESET) return this.reset(frame.epoch);
    if (frame.epoch !== this.epoch) this.reset(frame.epoch);
    if (frame.type === GAP) this.on.gap(frame.first, frame.count);
    else if (frame.type === RECORDS || frame.type === COUNTS) return this.events(frame);
    else return undefined; // a type of a later version
    return this.moved(frame);
  }

  events(frame) {
    // The server replays from the cursor, so a hole here is a lost frame: a gap like a stated one.
    if (frame.first > this.seq + 1) this.on.gap(this.seq + 1, frame.first - this.seq - 1);
    const fresh = [];
    const keep = (hit) => fresh.push(hit);
    const counted = frame.type === COUNTS;
    if (!counted) eachRefusal(frame, this.on.refused);
    const last = counted ? eachLatest(frame, keep) : eachHit(frame, this.seq, keep);
    this.moved(frame);
    if (counted) this.on.counts(frame);
    if (counted && registers(frame)) this.on.registered();
    this.on.hits(fresh, last);
  }

  moved(frame) {
    this.seq = Math.max(this.seq, frame.first + frame.count - 1);
    this.acknowledge(frame.view.byteLength);
  }

  acknowledge(bytes) {
    this.unsaid.frames += 1;
    this.unsaid.bytes += bytes;
    if (this.unsaid.frames < ACK_FRAMES && this.unsaid.bytes < ACK_BYTES) return;
    this.unsaid = { frames: 0, bytes: 0 };
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(String(this.seq));
  }

  reset(epoch) {
    this.epoch = epoch;
    this.seq = 0;
    this.on.reset();
  }

  // Nothing more will come but who looks; a line that is lost then is no loss to speak of.
  finish() {
    this.over = true;
  }

  lost(code) {
    this.on.viewers({ count: 0, people: [], guests: 0 });
    if (code === 4403 || code === 4404) {
      this.on.line("This run is no longer open to you. What is loaded stays readable.");
      return;
    }
    const wait = this.wait * (0.75 + Math.random() / 2);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
    if (!this.over) {
      this.on.line(`Connection lost. Showing up to event ${this.seq}; trying again in ${Math.ceil(wait / 1000)} s.`);
    }
    setTimeout(() => this.start(), wait);
  }
}
