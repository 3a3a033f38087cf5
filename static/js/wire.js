// The binary frames of a run's socket: a 24-byte header, then 64-byte event records or JSON.
export const RECORDS = 1;
export const GAP = 2;
export const STATE = 3;
export const RESET = 4;

const HEADER = 24;
const RECORD = 64;
const KIND_HIT = 1;
const KIND_REGISTERED = 12;

// The header is <BBHIQQ: version, type, epoch, count, first_seq, hits_before.
function layout(view) {
  return {
    version: view.getUint8(0),
    type: view.getUint8(1),
    epoch: view.getUint16(2, true),
    count: view.getUint32(4, true),
    first: Number(view.getBigUint64(8, true)),
    hitsBefore: Number(view.getBigUint64(16, true)),
  };
}

export function decode(buffer) {
  if (buffer.byteLength < HEADER) throw new Error("frame shorter than its header");
  const view = new DataView(buffer);
  const frame = layout(view);
  if (frame.version !== 1) throw new Error(`frame version ${frame.version}`);
  if (frame.type === STATE) {
    frame.state = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, HEADER, frame.count)));
  }
  return { ...frame, view };
}

// Breakpoints of the recipe that the kernel of the run did not take: index and -errno.
export function eachRefusal(frame, visit) {
  for (let at = HEADER, i = 0; i < frame.count; i += 1, at += RECORD) {
    if (frame.view.getUint16(at + 56, true) !== KIND_REGISTERED) continue;
    const ret = frame.view.getInt32(at + 52, true);
    if (ret < 0) visit(frame.view.getUint8(at + 59), ret);
  }
}

// Calls back for each hit of a RECORDS frame that lies after the cursor, and tells how many there were.
export function eachHit(frame, after, visit) {
  let number = frame.hitsBefore;
  for (let at = HEADER, i = 0; i < frame.count; i += 1, at += RECORD) {
    if (frame.view.getUint16(at + 56, true) !== KIND_HIT) continue;
    number += 1;
    const seq = Number(frame.view.getBigUint64(at, true));
    if (seq <= after) continue;
    visit({
      number,
      seq,
      time: frame.view.getBigUint64(at + 8, true),
      rip: frame.view.getBigUint64(at + 24, true),
      addr: frame.view.getBigUint64(at + 32, true),
      value: frame.view.getBigUint64(at + 40, true),
      cpu: frame.view.getUint8(at + 58),
      slot: frame.view.getUint8(at + 59),
      flags: frame.view.getUint16(at + 60, true),
    });
  }
  return number;
}
