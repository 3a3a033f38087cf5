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
    task: hit.task,
    at: hit.at,
    was: hit.was === undefined || hit.was === null ? hit.was : BigInt(hit.was),
    verdict: hit.verdict,
    severity: hit.severity,
  };
}

export async function hitsFrom(run, number, limit, judged) {
  const page = await found(run, { offset: number - 1, limit, ...(judged ? { verdict: 1 } : {}) });
  return page.hits;
}

// Breakpoints of the recipe that the run's kernel did not take.
export async function refusals(run) {
  const body = await read(`${BASE}/runs/${run}/events/?q=kind:breakpoint_registered&limit=1000`);
  return body.results.filter((event) => event.ret < 0);
}

// A page of what a query finds, by place; of all hits without one.
export async function found(run, parameters) {
  const body = await read(`${BASE}/runs/${run}/hits/found/?${new URLSearchParams(parameters)}`);
  return { ...body, hits: body.results.map(fromJson) };
}

export const state = (run) => read(`${BASE}/runs/${run}/`);

export async function symbols(run) {
  const body = await read(`${BASE}/runs/${run}/symbols/`);
  return body.symbols;
}
