// Pointer and keys of the workspace (templates/sessions/_keys.html lists them).

import { bindAnchors } from "./anchors.js";

const $ = (id) => document.getElementById(id);

export function bindKeys({ selection, table, timeline, runState, gdb, address }) {
  const tabList = document.querySelector("[role=tablist]");
  tabList.addEventListener("chosen", (event) => {
    const name = event.detail.slice(2);
    address.put({ tab: name === "code" ? null : name });
  });

  function showPane(name) {
    $("main").dataset.show = name;
    for (const button of document.querySelectorAll("[data-pane]")) {
      button.setAttribute("aria-pressed", String(button.dataset.pane === name));
    }
    address.put({ pane: name });
    table.choose(table.chosen);
  }

  function annotateLine(number) {
    showPane("why");
    const field = $("note-line");
    if (!field) return;
    field.value = number;
    $("note-body").focus();
  }

  // A link to a moment of this run needs no new page.
  function moment(link) {
    const url = new URL(link.href);
    if (url.pathname !== location.pathname || url.searchParams.get("run") !== selection.data.number) return false;
    const names = [...url.searchParams.keys()].filter((name) => name !== "run" && name !== "q");
    const value = Number(url.searchParams.get(names[0]));
    if (names.length !== 1 || !value) return false;
    const item = link.closest("li[data-seq]");
    if (item) selection.problem(selection.problems.all.find((problem) => problem.item === item));
    else if (names[0] === "hit") selection.hit(value);
    else if (names[0] === "event") selection.event(value);
    else return false;
    return true;
  }

  document.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    const row = event.target.closest("#hits a.hit");
    const side = event.target.closest("#h-prev, #h-next");
    const at = event.target.closest("[data-moment]");
    const line = event.target.closest("[data-patch-line]");
    const tab = event.target.closest("[data-pane]");
    const link = event.target.closest("#problems a, #why-pane .hit-title a, .note header a, .remark a");
    if (row?.dataset.number) selection.hit(Number(row.dataset.number));
    else if (side) selection.step(side.id === "h-next" ? 1 : -1);
    else if (at) selection.hit(selection.number, { key: at.dataset.moment });
    else if (line) annotateLine(line.dataset.patchLine);
    else if (tab) showPane(tab.dataset.pane);
    else if (!link || !moment(link)) return;
    event.preventDefault();
  });

  bindAnchors(showPane, (words) => runState.say(words));
  const press = (at) => document.querySelectorAll("[data-moment]")[at]?.click();
  const keys = {
    j: () => selection.step(1),
    k: () => selection.step(-1),
    g: () => selection.end(false),
    G: () => selection.end(true),
    n: () => selection.walk(1),
    N: () => selection.walk(-1),
    "/": () => $("q").focus(),
    1: () => press(0),
    2: () => press(1),
    3: () => press(2),
    m: () => $("note-body")?.focus(),
    b: () => document.querySelector("[data-keep]")?.click(),
    y: () => navigator.clipboard?.writeText(location.href).then(() => runState.say("link to this moment copied")),
    "]": () => tabList.step(1),
    "[": () => tabList.step(-1),
    " ": () => gdb.toggle() || runState.toggle(),
    c: () => gdb.press("continue"),
    ".": () => gdb.press("step"),
    Escape: () => $("hits").focus(),
    ...timeline.keys,
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
    selection.step(by);
  });
  $("tl").addEventListener("keydown", (event) => {
    const key = { ArrowLeft: "a", ArrowRight: "d", ArrowUp: "w", ArrowDown: "s", "+": "w", "-": "s" }[event.key];
    if (!key) return;
    event.preventDefault();
    keys[key]();
  });
  const asked = address.get("pane");
  if (["hits", "why", "state", "code"].includes(asked)) showPane(asked);
}
