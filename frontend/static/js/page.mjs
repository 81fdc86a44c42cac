// @ts-check
// What any page may use: focus on refusals, menus that close, dialogs, printing, no second press.

for (const summary of document.querySelectorAll("[data-focus]")) {
  /** @type {HTMLElement} */ (summary).focus();
}

// The person's menu closes on Escape and on a press elsewhere.
for (const menu of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("details[data-menu]"))) {
  document.addEventListener("click", (event) => {
    if (!menu.contains(/** @type {Node} */ (event.target))) menu.open = false;
  });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) {
      menu.open = false;
      menu.querySelector("summary")?.focus();
    }
  });
}

// Without script a dialog is a section of the page; with it, it opens over the page.
for (const dialog of /** @type {NodeListOf<HTMLDialogElement>} */ (document.querySelectorAll("dialog[data-dialog]"))) {
  const refused = dialog.querySelector("[aria-invalid], .field--refused");
  dialog.close();
  if (refused) dialog.showModal();
}

document.addEventListener("click", (event) => {
  const pressed = /** @type {Element} */ (event.target);
  const opener = pressed.closest("[data-opens-dialog]");
  if (opener) {
    const dialog = document.getElementById((opener.getAttribute("href") ?? "").slice(1));
    if (dialog instanceof HTMLDialogElement) {
      event.preventDefault();
      dialog.showModal();
    }
  }
  const closer = pressed.closest("[data-closes-dialog]");
  if (closer) {
    event.preventDefault();
    closer.closest("dialog")?.close();
  }
  if (pressed.closest("[data-print]")) window.print();
});

for (const button of document.querySelectorAll("[data-print]")) button.removeAttribute("hidden");

// A list that submits its form as soon as it changes; its button is only for those without script.
for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-submit-on-change]"))) {
  form.addEventListener("change", () => form.requestSubmit());
  for (const button of form.querySelectorAll("[data-without-script]")) button.setAttribute("hidden", "");
}

// A second press while the first is on its way does nothing; the server would give the same answer anyway.
// A form may be sent again after a few seconds, since a download leaves the page where it is.
const ON_ITS_WAY = 4000;

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => form.removeAttribute("data-sent"), ON_ITS_WAY);
});

// Coming back to a page kept by the browser lets its forms be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) form.removeAttribute("data-sent");
});
