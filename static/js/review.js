// A patch page: a line is chosen with a click, a stretch with shift; n and N walk the remarks.
const $ = (id) => document.getElementById(id);
let from = 0;

function choose(at, stretch) {
  from = stretch && from ? from : at;
  const [first, last] = [Math.min(from, at), Math.max(from, at)];
  $("w-first").value = first === last ? "" : first;
  $("w-at").value = last;
  for (const line of document.querySelectorAll("[data-at]")) {
    const own = Number(line.dataset.at);
    line.classList.toggle("is-chosen", own >= first && own <= last);
  }
  $("w-body").focus();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-line]");
  if (!link || event.metaKey || event.ctrlKey || !$("w-at")) return;
  event.preventDefault();
  choose(Number(link.dataset.line), event.shiftKey);
});

function walk(by) {
  const all = [...document.querySelectorAll("[data-remarks]")];
  if (!all.length) return;
  const tops = all.map((box) => box.getBoundingClientRect().top);
  const here = 80;
  const next = by > 0 ? tops.findIndex((top) => top > here + 1) : tops.findLastIndex((top) => top < here - 1);
  const box = all[next < 0 ? (by > 0 ? 0 : all.length - 1) : next];
  box.tabIndex = -1;
  box.focus({ preventScroll: true });
  scrollTo({ top: box.getBoundingClientRect().top + scrollY - here });
}

document.addEventListener("keydown", (event) => {
  if (event.target.closest("input,textarea,select,dialog[open],summary")) return;
  if (event.metaKey || event.ctrlKey || event.altKey) return;
  if (event.key === "n") walk(1);
  else if (event.key === "N") walk(-1);
  else if (event.key === "m") $("w-body")?.focus();
  else return;
  event.preventDefault();
});

const wanted = new URLSearchParams(location.search).get("line");
if (wanted && $("w-at")) choose(Number(wanted), false);
