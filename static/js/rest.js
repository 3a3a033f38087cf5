// Hits over REST: for what the stream did not carry, and for filters.
const BASE = "/api/v1";

async function read(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  const body = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(body.detail ?? answer.statusText), { problem: body });
  return body;
}

function fromJson(hit) {
  return {
    number: hit.hit_no,
    seq: hit.seq,
    time: BigInt(hit.retired),
    rip: BigInt(hit.rip),
    addr: BigInt(hit.addr),
    value: BigInt(hit.value),
    cpu: hit.cpu,
    slot: hit.slot,
    flags: hit.flags,
    at: hit.at,
  };
}

export async function hitsFrom(run, number, limit) {
  const body = await read(`${BASE}/runs/${run}/hits/?from=${number}&limit=${limit}`);
  return body.results.map(fromJson);
}

export async function hitsBetween(run, first, last, take) {
  for (let after = first - 1; after < last; ) {
    const body = await read(`${BASE}/runs/${run}/hits/?after=${after}&limit=1000`);
    const inside = body.results.map(fromJson).filter((hit) => hit.seq <= last);
    take(inside);
    if (!inside.length || inside.length < body.results.length || !body.next) return;
    after = inside.at(-1).seq;
  }
}

export async function filtered(run, query, after) {
  const body = await read(`${BASE}/runs/${run}/hits/?${query}&after=${after}&limit=500`);
  return { hits: body.results.map(fromJson), more: Boolean(body.next) };
}

export const state = (run) => read(`${BASE}/runs/${run}/`);

export async function symbols(run) {
  const body = await read(`${BASE}/runs/${run}/symbols/`);
  return body.symbols;
}
