// On every page: theme, tabs, dialogs, one tab stop per composite. Nothing here is needed to read.
import { rove } from "./rove.js";
import { tabs } from "./tabs.js";

const root = document.documentElement;

export function toggleTheme() {
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("hwbp-theme", root.dataset.theme);
  } catch {
    // Private mode: the choice lasts for this page.
  }
}

// Controls that need a script are in the page hidden, so that without one there is no dead button.
for (const control of document.querySelectorAll("[data-do][hidden]")) control.hidden = false;

document.addEventListener("click", (event) => {
  const control = event.target.closest("[data-do]");
  if (!control) return;
  if (control.dataset.do === "theme") toggleTheme();
  if (control.dataset.do === "open") {
    const dialog = document.getElementById(control.dataset.for);
    if (dialog) {
      event.preventDefault();
      dialog.showModal();
    }
  }
  if (control.dataset.do === "close") control.closest("dialog")?.close();
  if (control.dataset.do === "copy") copy(control);
});

async function copy(control) {
  const text = document.getElementById(control.dataset.for)?.value ?? location.href;
  try {
    await navigator.clipboard.writeText(text);
    say(control, "Copied");
  } catch {
    const field = document.getElementById(control.dataset.for);
    field?.select?.();
    say(control, "Press Ctrl C");
  }
}

function say(control, word) {
  const old = control.dataset.word ?? control.textContent;
  control.dataset.word = old;
  control.textContent = word;
  setTimeout(() => {
    control.textContent = old;
  }, 1600);
}

// Times are rendered by the server in UTC; a reader's own clock says them better.
for (const time of document.querySelectorAll("time[datetime]")) {
  const date = new Date(time.dateTime);
  if (!Number.isNaN(date.valueOf())) time.title = date.toLocaleString();
}

document.querySelectorAll("[role=tablist]").forEach(tabs);
rove(document);

document.addEventListener("keydown", (event) => {
  if (event.metaKey || event.ctrlKey || event.altKey) return;
  if (event.target.closest("input,textarea,select,[contenteditable]")) return;
  if (event.key === "?") {
    const sheet = document.getElementById("keys");
    if (sheet) {
      event.preventDefault();
      sheet.showModal();
    }
  }
  if (event.key === "T") toggleTheme();
});
