// The session page: one selection drives timeline, table, tree, state and address bar.
import { Debugger } from "./debugger.js";
import { Feed } from "./feed.js";
import { grouped, hex } from "./format.js";
import { HitsTable } from "./hits_table.js";
import { MemoryTab } from "./memory.js";
import { MomentPane } from "./moment.js";
import { Presence } from "./presence.js";
import * as rest from "./rest.js";
import { RunState } from "./run_state.js";
import { Storm } from "./storm.js";
import { Symbols } from "./symbols.js";
import { swapForms } from "./swap.js";
import { Address } from "./workspace/address.js";
import { Columns } from "./workspace/columns.js";
import { Filter } from "./workspace/filter.js";
import { bindKept } from "./workspace/kept.js";
import { bindKeys } from "./workspace/keys.js";
import { Panes } from "./workspace/panes.js";
import { Problems } from "./workspace/problems.js";
import { Selection } from "./workspace/selection.js";
import { TimelinePane } from "./workspace/timeline_pane.js";

const $ = (id) => document.getElementById(id);
const ws = $("ws");
const ERRNO = { "-12": "-ENOMEM", "-16": "-EBUSY", "-22": "-EINVAL", "-28": "-ENOSPC", "-95": "-EOPNOTSUPP" };
const OVER = ["finished", "failed", "cancelled"];

function start() {
  const data = ws.dataset;
  const address = new Address();
  const breakpoints = JSON.parse($("breakpoints").textContent);
  const letters = new Map(breakpoints.map((bp) => [bp.address, bp.letters]));
  const noted = new Set(JSON.parse($("noted").textContent));
  let symbols = new Symbols();

  const columns = new Columns(address, () => {
    table.relayout();
    if (filter.query) filter.apply();
  });
  const table = new HitsTable($("hits"), columns, {
    fetch: (number, limit, judged) => rest.hitsFrom(data.run, number, limit, judged),
    letters: (hit) => letters.get(hex(hit.addr)) ?? "",
    at: (hit) => symbols.name(hit.rip),
    href: (number) => `${data.page}?run=${data.number}&hit=${number}`,
    noted: (number) => noted.has(number),
    over: () => OVER.includes(data.state),
    waiting: () => breakpoints.map((bp) => `Armed: ${bp.letters} ${bp.place}.`).join(" "),
  });
  const problems = new Problems($("problems"), data.problems);
  const pane = new MomentPane(data.fragment, () => selection.shown());
  const runState = new RunState(ws);
  const gdb = new Debugger();
  const memory = new MemoryTab((text) => runState.say(text));
  const presence = new Presence($("viewers"));
  const storm = new Storm($("storm"));
  const timeline = new TimelinePane(data.run, address, problems, {
    hit: (number) => selection.hit(number),
    event: (seq) => selection.event(seq),
    problem: (problem) => selection.problem(problem),
    brush: (from, to, axis) => filter.setSpan(axis, from, to),
  });
  const selection = new Selection({ data, table, pane, memory, timeline, problems, address, say: (text) => runState.say(text) });
  const filter = new Filter(data.run, table, columns, {
    changed(query) {
      address.put({ q: query });
      timeline.filtered((axis) => filter.span(axis));
    },
    applied: () => selection.place(),
  });
  timeline.on = { axis: () => timeline.filtered((axis) => filter.span(axis)) };

  const feed = new Feed(data.run, Number(data.epoch), Number(data.events), {
    hits(fresh, last) {
      table.add(fresh, last);
      data.hits = table.total;
      runState.progress(feed.seq, table.total);
      if (!selection.any && table.total) selection.hit(1, { follow: table.follow });
      if (fresh.length) filter.grown();
      timeline.drawn.grown();
    },
    state(state) {
      runState.set(state);
      gdb.set(state);
      if (!runState.over) return;
      const wasOver = feed.over;
      feed.finish();
      table.add([], state.hits ?? table.total);
      data.hits = table.total;
      if (wasOver) return; // it is followed only for who looks at it
      filter.grown();
      over();
    },
    counts: (frame) => storm.took(frame.count),
    viewers: (told) => presence.show(told),
    registered: () => rest.refusals(data.run).then((found) => found.forEach((one) => feed.on.refused(one.slot, one.ret))),
    refused(index, ret) {
      const words = document.querySelector(`[data-breakpoint="${index}"] .is-fault`);
      if (!words) return;
      words.hidden = false;
      words.lastElementChild.textContent = ERRNO[ret] ?? String(ret);
    },
    reset() {
      table.clear();
      data.hits = 0;
    },
    // Its hits are in the store: the numbers after it are exact, and rows load when they are looked at.
    gap(first, count) {
      runState.say(`events ${grouped(first)} to ${grouped(first + count - 1)} were not sent; they are stored`);
    },
    line(text) {
      $("offline").hidden = !text;
      $("offline").textContent = text ?? "";
      runState.say(text ? "offline" : `cursor ${grouped(feed.seq)}`);
    },
  });

  async function over() {
    timeline.live = false;
    timeline.drawn.refresh();
    const answer = await fetch(document.querySelector("[data-output]").dataset.output, { credentials: "same-origin" });
    if (answer.ok) $("output").replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes);
    await problems.refresh();
    timeline.refreshProblems();
  }

  bindKept({ selection, pane, address, say: (text) => runState.say(text) });
  bindKeys({ selection, table, timeline, runState, gdb, address });
  const panes = new Panes(ws, address);

  rest.symbols(data.run).then(
    (found) => {
      symbols = new Symbols(found);
      table.paint();
    },
    () => {},
  );
  table.add([], Number(data.hits));
  table.follow = !data.hit;
  if (data.hit) table.choose(Number(data.hit), { centre: true });
  selection.shown();
  memory.moment(data.event ? { event: data.event } : data.hit ? { hit: data.hit } : null);
  timeline.live = !runState.over;
  const ready = timeline.start((axis) => filter.span(axis));
  feed.over = runState.over;
  feed.start();
  if (runState.over) runState.say("trace complete");
  // For tests and the console.
  Object.assign(window, { hwbpFeed: feed, hwbpTable: table, hwbpTimeline: timeline.drawn, hwbpPanes: panes, hwbpReady: ready });
}

swapForms();
if (ws.dataset.run) start();
