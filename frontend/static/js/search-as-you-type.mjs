// @ts-check
// A search that answers while one types. Without script the same form answers on Enter.
//
// <form method="get" data-search-region="resultats"> asks its own page again, and puts the element of that id
// in place of the one here. The address follows, so that going back and sharing work.

const PAUSE = 250;

for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-search-region]"))) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  /** @type {AbortController | undefined} */
  let asked;

  const search = async () => {
    asked?.abort();
    asked = new AbortController();
    const region = document.getElementById(form.dataset.searchRegion ?? "");
    if (!region) return;
    const address = new URL(form.action);
    address.search = new URLSearchParams(/** @type {any} */ (new FormData(form))).toString();
    region.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { signal: asked.signal, headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return form.submit();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(region.id);
      if (!fresh) return form.submit();
      region.replaceWith(fresh);
      document.dispatchEvent(new CustomEvent("region-replaced", { detail: fresh }));
      history.replaceState(null, "", address);
    } catch (problem) {
      if (/** @type {Error} */ (problem).name !== "AbortError") form.submit();
    }
  };

  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, PAUSE);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(timer);
    search();
  });
}
