// @ts-check
// A search that answers while one types. Without script the same form answers on Enter.
//
// <form method="get" data-search-region="resultats"> asks its own page again, and puts the element of that id
// in place of the one here. The address follows, so that going back and sharing work. With method="post" what is
// typed stays out of the address: names of children are searched so.

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
    const fields = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    const posts = form.method === "post";
    if (!posts) address.search = fields.toString();
    region.setAttribute("aria-busy", "true");
    try {
      const how = posts ? { method: "POST", body: fields } : {};
      const answer = await fetch(address, { ...how, signal: asked.signal, headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return form.submit();
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(region.id);
      if (!fresh) return form.submit();
      region.replaceWith(fresh);
      document.dispatchEvent(new CustomEvent("region-replaced", { detail: fresh }));
      if (!posts) history.replaceState(null, "", address);
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
