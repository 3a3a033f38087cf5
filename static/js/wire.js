// The binary frames of a run's socket (docs/stream.md): a 24-byte header, then records, counts or JSON.
export const RECORDS = 1;
export const GAP = 2;
export const STATE = 3;
export const RESET = 4;
export const COUNTS = 5;
export const PRESENCE = 6;

const HEADER = 24;
const COUNTS_HEAD = 24;
const ROW = 8;
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
  if (frame.type === STATE || frame.type === PRESENCE) {
    frame.told = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, HEADER, frame.count)));
  }
  if (frame.type === COUNTS) Object.assign(frame, counts(view));
  return { ...frame, view };
}

// The body of a COUNTS frame: a table of how many events of which kind, and the last hits as records.
function counts(view) {
  const rows = view.getUint16(HEADER + 4, true);
  const table = [];
  for (let at = HEADER + COUNTS_HEAD, i = 0; i < rows; i += 1, at += ROW) {
    const [kind, cpu, slot] = [view.getUint16(at, true), view.getUint8(at + 2), view.getUint8(at + 3)];
    table.push({ kind, cpu, slot, events: view.getUint32(at + 4, true) });
  }
  return {
    hits: view.getUint32(HEADER, true),
    latest: view.getUint16(HEADER + 6, true),
    began: view.getBigUint64(HEADER + 8, true),
    ended: view.getBigUint64(HEADER + 16, true),
    table,
    records: HEADER + COUNTS_HEAD + rows * ROW,
  };
}

// Whether breakpoints of the recipe were registered within a COUNTS frame: some may have been refused.
export const registers = (frame) => frame.table.some((row) => row.kind === KIND_REGISTERED);

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
    const hit = hitAt(frame.view, at, number);
    if (hit.seq > after) visit(hit);
  }
  return number;
}

// The same for a COUNTS frame, which carries only its last hits.
export function eachLatest(frame, visit) {
  const last = frame.hitsBefore + frame.hits;
  for (let i = 0; i < frame.latest; i += 1) {
    visit(hitAt(frame.view, frame.records + i * RECORD, last - frame.latest + i + 1));
  }
  return last;
}

function hitAt(view, at, number) {
  return {
    number,
    seq: Number(view.getBigUint64(at, true)),
    time: view.getBigUint64(at + 8, true),
    rip: view.getBigUint64(at + 24, true),
    addr: view.getBigUint64(at + 32, true),
    value: view.getBigUint64(at + 40, true),
    cpu: view.getUint8(at + 58),
    slot: view.getUint8(at + 59),
    flags: view.getUint16(at + 60, true),
    task: view.getUint32(at + 48, true),
  };
}
