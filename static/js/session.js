// The session page: one selection drives table, tree, state and address bar.
import { Feed } from "./feed.js";
import { grouped, hex } from "./format.js";
import { HitsTable } from "./hits_table.js";
import { MomentPane } from "./moment.js";
import * as rest from "./rest.js";
import { RunState } from "./run_state.js";
import { Symbols } from "./symbols.js";
import { swapForms } from "./swap.js";

const $ = (id) => document.getElementById(id);
const ws = $("ws");
const ERRNO = { "-12": "-ENOMEM", "-16": "-EBUSY", "-22": "-EINVAL", "-28": "-ENOSPC", "-95": "-EOPNOTSUPP" };

function start() {
  const data = ws.dataset;
  const breakpoints = JSON.parse($("breakpoints").textContent);
  const letters = new Map(breakpoints.map((bp) => [bp.address, bp.letters]));
  const noted = new Set(JSON.parse($("noted").textContent));
  let symbols = new Symbols();
  let query = $("hits").dataset.filter;

  const table = new HitsTable($("hits"), {
    fetch: (number, limit) => rest.hitsFrom(data.run, number, limit),
    letters: (hit) => letters.get(hex(hit.addr)) ?? "",
    at: (hit) => symbols.name(hit.rip),
    href: (number) => `${data.page}?run=${data.number}&hit=${number}`,
    noted: (number) => noted.has(number),
    waiting: () => breakpoints.map((bp) => `Armed: ${bp.letters} ${bp.place}.`).join(" "),
  });
  const pane = new MomentPane(data.fragment, () => {});
  const runState = new RunState(ws);

  function address(number, key) {
    const url = new URL(location.href);
    url.searchParams.set("run", data.number);
    url.searchParams.set("hit", number);
    if (key) url.searchParams.set("moment", key);
    else url.searchParams.delete("moment");
    url.searchParams.delete("line");
    url.hash = "";
    history.replaceState(null, "", url);
  }

  function choose(number, options = {}) {
    if (number < 1 || number > table.total) return;
    table.choose(number, options);
    data.hit = number;
    address(number, options.key);
    for (const field of document.querySelectorAll('#share-body input[name="hit"]')) field.value = number;
    for (const text of document.querySelectorAll("[data-hit-number]")) text.textContent = grouped(number);
    for (const words of document.querySelectorAll("[data-hit-words]")) words.hidden = false;
    for (const link of document.querySelectorAll("[data-share]")) {
      const url = new URL(link.href);
      url.searchParams.set("hit", number);
      link.href = url;
    }
    pane.show(number, options.key);
  }

  function step(by) {
    const row = table.rowOf(table.chosen) + by;
    if (row >= 0 && row < table.count) choose(table.numberAt(row));
  }

  const feed = new Feed(data.run, Number(data.epoch), Number(data.events), {
    hits(fresh, last) {
      table.add(fresh, last);
      data.hits = table.total;
      runState.progress(feed.seq, table.total);
      if (!table.chosen && table.total) choose(1, { follow: table.follow });
      if (query && fresh.length) refilter();
    },
    state(state) {
      runState.set(state);
      if (runState.over) {
        feed.finish();
        table.add([], state.hits ?? table.total);
        data.hits = table.total;
        refreshOutput();
      }
    },
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
    gap(first, count) {
      runState.say(`catching up: events ${grouped(first)} to ${grouped(first + count - 1)}`);
      rest
        .hitsBetween(data.run, first, first + count - 1, (hits) => table.add(hits, hits.at(-1)?.number ?? 0))
        .then(() => runState.say(`cursor ${grouped(feed.seq)}, gap filled`))
        .catch(() => runState.say(`cursor ${grouped(feed.seq)}; a gap of ${grouped(count)} events is not filled yet`));
    },
    line(text) {
      $("offline").hidden = !text;
      $("offline").textContent = text ?? "";
      runState.say(text ? "offline" : `cursor ${grouped(feed.seq)}`);
    },
  });

  async function refreshOutput() {
    const answer = await fetch(document.querySelector("[data-output]").dataset.output, { credentials: "same-origin" });
    if (answer.ok) $("output").replaceChildren(...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes);
  }

  /* ---- filter: the server's own, over all hits ---- */
  let filterTurn = 0;
  async function refilter() {
    filterTurn += 1;
    const turn = filterTurn;
    if (!query) {
      table.setRows(null);
      $("q-n").textContent = grouped(table.total);
      return;
    }
    await new Promise((done) => setTimeout(done, 120));
    if (turn !== filterTurn) return;
    try {
      const numbers = [];
      let after = 0;
      let more = true;
      while (more && numbers.length < 5000) {
        const page = await rest.filtered(data.run, new URLSearchParams({ q: query }), after);
        if (turn !== filterTurn) return;
        for (const hit of page.hits) {
          table.known.set(hit.number, hit);
          numbers.push(hit.number);
        }
        after = page.hits.at(-1)?.seq ?? after;
        more = page.more;
      }
      table.setRows(numbers);
      $("q").removeAttribute("aria-invalid");
      $("q-n").textContent = `${grouped(numbers.length)}${more ? "+" : ""} of ${grouped(table.total)}`;
    } catch (error) {
      $("q").setAttribute("aria-invalid", "true");
      $("q-n").textContent = error.message;
    }
  }
  $("filter").addEventListener("submit", (event) => {
    event.preventDefault();
    query = $("q").value.trim();
    refilter();
  });
  $("q").addEventListener("input", () => {
    query = $("q").value.trim();
    refilter();
  });
  $("q").addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    $("q").value = query = "";
    refilter();
    $("hits").focus();
  });

  /* ---- pointer ---- */
  document.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    const row = event.target.closest("#hits a.hit");
    const side = event.target.closest("#h-prev, #h-next");
    const moment = event.target.closest("[data-moment]");
    const line = event.target.closest("[data-patch-line]");
    const tab = event.target.closest("[data-pane]");
    if (row?.dataset.number) choose(Number(row.dataset.number));
    else if (side) step(side.id === "h-next" ? 1 : -1);
    else if (moment) choose(table.chosen, { key: moment.dataset.moment });
    else if (line) annotateLine(line.dataset.patchLine);
    else if (tab) showPane(tab.dataset.pane);
    else return;
    event.preventDefault();
  });

  function showPane(name) {
    $("main").dataset.show = name;
    for (const button of document.querySelectorAll("[data-pane]")) {
      button.setAttribute("aria-pressed", String(button.dataset.pane === name));
    }
    table.choose(table.chosen);
  }

  function annotateLine(number) {
    showPane("why");
    const field = $("note-line");
    if (!field) return;
    field.value = number;
    $("note-body").focus();
  }

  /* ---- keys ---- */
  const tabList = document.querySelector("[role=tablist]");
  const moment = (at) => document.querySelectorAll("[data-moment]")[at]?.click();
  const keys = {
    j: () => step(1),
    k: () => step(-1),
    g: () => table.count && choose(table.numberAt(0)),
    G: () => table.count && choose(table.numberAt(table.count - 1)),
    "/": () => $("q").focus(),
    1: () => moment(0),
    2: () => moment(1),
    m: () => $("note-body")?.focus(),
    y: () => navigator.clipboard?.writeText(location.href).then(() => runState.say("link to this moment copied")),
    "]": () => tabList.step(1),
    "[": () => tabList.step(-1),
    " ": () => runState.toggle(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input,textarea,select,dialog[open],summary")) return;
    if (event.metaKey || event.ctrlKey || event.altKey || !keys[event.key]) return;
    if (event.key === " " && event.target.closest("button,a")) return;
    event.preventDefault();
    keys[event.key]();
  });
  $("hits").addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    step(by);
  });

  /* ---- start ---- */
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
  if (query) refilter();
  if (runState.over) runState.say("trace complete");
  else feed.start();
  Object.assign(window, { hwbpFeed: feed, hwbpTable: table }); // for tests and the console
}

swapForms();
if (ws.dataset.run) start();
