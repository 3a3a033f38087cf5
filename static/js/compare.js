// Two runs side by side: one key from difference to difference, one address for each.
// Every step is a link that works without this script.
import { Pair } from "./compare_timelines.js";
import { rove } from "./rove.js";

const PARTS = [".cmp-bar", "#main", "title"];
let turn = 0;

async function go(url, { history: change = true } = {}) {
  turn += 1;
  const mine = turn;
  const answer = await fetch(url, { credentials: "same-origin" }).catch(() => null);
  if (mine !== turn) return;
  if (!answer?.ok) {
    location.assign(url); // the browser says what is wrong better than a box here could
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (mine !== turn) return;
  if (PARTS.some((part) => !page.querySelector(part) || !document.querySelector(part))) {
    location.assign(url);
    return;
  }
  for (const part of PARTS) document.querySelector(part).replaceWith(page.querySelector(part));
  document.getElementById("swap").href = page.getElementById("swap").href;
  rove(document.getElementById("main"));
  pair.show();
  if (change) history.replaceState(null, "", url);
}

const pair = new Pair();
window.hwbpPair = pair; // for tests and the console
const link = (id) => document.getElementById(id)?.href;
const step = (id) => link(id) && go(link(id));
const keys = {
  n: () => step("d-next"),
  N: () => step("d-prev"),
  j: () => step("d-next"),
  k: () => step("d-prev"),
  g: () => document.querySelector(".cmp-first [data-at]") && go(new URL("?at=1", location.href)),
  x: () => location.assign(link("swap")),
  ...pair.keys,
  y: () => navigator.clipboard?.writeText(location.href),
};

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input,textarea,select,dialog[open],summary")) return;
  if (event.metaKey || event.ctrlKey || event.altKey || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

document.addEventListener("click", (event) => {
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  const target = event.target.closest("a[data-at]");
  if (!target) return;
  event.preventDefault();
  go(target.href);
});
