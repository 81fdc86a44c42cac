// @ts-check
// Choosing rows of a table, and deciding on them with the keyboard.
//
// <form data-row-choices> holds the table and its buttons;
//   <input type="checkbox" data-all-rows> in the heading, <input type="checkbox" data-row-choice> in each row;
//   <button data-counted data-one="Valider 1 séance" data-many="Valider {n} séances" data-none="Valider">;
//   a button or link with data-key="v" is pressed by that key.
// Arrows go from row to row, space chooses.

/** @param {ParentNode} place */
function enhanceAll(place) {
  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (place.querySelectorAll("form[data-row-choices]"))) {
    enhance(form);
  }
}

enhanceAll(document);
document.addEventListener("region-replaced", (event) => enhanceAll(/** @type {CustomEvent} */ (event).detail));

/** @param {HTMLFormElement} form */
function enhance(form) {
  const all = /** @type {HTMLInputElement | null} */ (form.querySelector("[data-all-rows]"));
  const boxes = () =>
    /** @type {HTMLInputElement[]} */ ([...form.querySelectorAll("[data-row-choice]")]).filter((box) => !box.disabled);

  const show = () => {
    const count = boxes().filter((box) => box.checked).length;
    if (all) {
      all.checked = count > 0 && count === boxes().length;
      all.indeterminate = count > 0 && count < boxes().length;
    }
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (form.querySelectorAll("[data-counted]"))) {
      const { none, one, many } = button.dataset;
      const words = count === 0 ? none : count === 1 ? one : many;
      if (words) button.textContent = words.replace("{n}", String(count));
      button.setAttribute("aria-disabled", String(count === 0));
    }
  };

  form.addEventListener("change", (event) => {
    if (event.target === all && all) for (const box of boxes()) box.checked = all.checked;
    show();
  });

  form.addEventListener("click", (event) => {
    const button = /** @type {Element} */ (event.target).closest("[data-counted]");
    if (button?.getAttribute("aria-disabled") === "true") event.preventDefault();
  });

  form.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.matches("textarea, select, input:not([type=checkbox])")) return;
    const rows = boxes();
    const row = rows.indexOf(/** @type {HTMLInputElement} */ (target.closest("tr")?.querySelector("[data-row-choice]")));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      rows[Math.min(Math.max(row + step, 0), rows.length - 1)]?.focus();
      return;
    }
    const key = `[data-key="${CSS.escape(event.key.toLowerCase())}"]`;
    // the row where one is, before any other
    const pressed = target.closest("tr")?.querySelector(key) ?? form.querySelector(key);
    if (pressed instanceof HTMLElement) {
      event.preventDefault();
      pressed.click();
    }
  });

  // The browser may have kept boxes ticked from a visit before.
  window.addEventListener("pageshow", show);
  show();
}
