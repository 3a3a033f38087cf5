// Tabs over panels that are all in the page: without a script they stand one below the other.
export function tabs(list) {
  const all = [...list.querySelectorAll("[role=tab]")];
  const choose = (tab, focus) => {
    for (const other of all) {
      const on = other === tab;
      other.setAttribute("aria-selected", String(on));
      other.tabIndex = on ? 0 : -1;
      const panel = document.getElementById(other.getAttribute("aria-controls"));
      if (panel) panel.hidden = !on;
    }
    if (focus) tab.focus();
    list.dispatchEvent(new CustomEvent("chosen", { detail: tab.id }));
    tab.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  list.hidden = false;
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) {
      event.preventDefault();
      choose(tab);
    }
  });
  list.addEventListener("keydown", (event) => {
    const at = all.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    choose(all[(at + step + all.length) % all.length], true);
  });
  list.choose = (id) => choose(all.find((tab) => tab.id === id) ?? all[0]);
  list.step = (by) => {
    const at = all.findIndex((tab) => tab.getAttribute("aria-selected") === "true");
    choose(all[(at + by + all.length) % all.length]);
  };
  const wanted = new URLSearchParams(location.search).get("tab");
  list.choose(wanted ? `t-${wanted}` : all[0]?.id);
}
