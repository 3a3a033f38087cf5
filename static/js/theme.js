// A classic script in the head: the theme is set before the first paint, or dark pages flash.
(() => {
  let saved = null;
  try {
    saved = localStorage.getItem("hwbp-theme");
  } catch {
    // Storage is refused in some private modes: the system's choice stays.
  }
  if (saved === "light" || saved === "dark") document.documentElement.dataset.theme = saved;
})();
