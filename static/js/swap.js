// Forms whose answer replaces one box of the page instead of the page.

export function swapForms() {
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("form[data-swap]");
    if (!form) return;
    event.preventDefault();
    const box = document.getElementById(form.dataset.swap);
    const answer = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { "X-Fragment": "1" },
      credentials: "same-origin",
    });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    box.replaceChildren(...page.body.childNodes);
    for (const control of box.querySelectorAll("[data-do][hidden]")) control.hidden = false;
    box.querySelector("input[readonly]")?.select();
  });
}

