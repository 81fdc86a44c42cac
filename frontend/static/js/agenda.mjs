// @ts-check
// The agenda by keyboard, and the line of the present hour.
//
// [data-agenda] holds a list [data-agenda-day] for each day, whose links are the blocks. One link of the grid is in the
// order of Tab; arrows go from block to block: up and down in a day, left and right to the nearest hour of another day.
// Home and End go to the ends of the day. [data-agenda-key="PageUp"] is a link pressed by that key.

const agenda = /** @type {HTMLElement | null} */ (document.querySelector("[data-agenda]"));
if (agenda) {
  byKeyboard(agenda);
  showTheHour(agenda);
}

/** @param {HTMLElement} agenda */
function byKeyboard(agenda) {
  /** @type {HTMLAnchorElement[][]} */
  const days = [...agenda.querySelectorAll("[data-agenda-day]")]
    .map((day) => /** @type {HTMLAnchorElement[]} */ ([...day.querySelectorAll("a")]))
    .filter((day) => day.length > 0);
  const all = days.flat();
  const today = agenda.querySelector(".agenda__day--today a.block__link");

  /** @param {Element | null | undefined} chosen */
  const rove = (chosen) => {
    for (const link of all) link.tabIndex = link === chosen ? 0 : -1;
  };
  rove(today ?? all[0]);
  agenda.addEventListener("focusin", (event) => {
    const link = /** @type {HTMLAnchorElement} */ (event.target);
    if (all.includes(link)) rove(link);
  });

  /** @param {HTMLElement} link */
  const top = (link) => link.getBoundingClientRect().top;
  /** @param {HTMLAnchorElement[]} links @param {HTMLElement} from */
  const nearest = (links, from) =>
    links.toSorted((a, b) => Math.abs(top(a) - top(from)) - Math.abs(top(b) - top(from)))[0];

  agenda.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const link = /** @type {HTMLAnchorElement} */ (event.target);
    const day = days.findIndex((links) => links.includes(link));
    if (day < 0) return;
    const place = days[day].indexOf(link);
    const next = {
      ArrowDown: () => days[day][place + 1] ?? days[day + 1]?.[0],
      ArrowUp: () => days[day][place - 1] ?? days[day - 1]?.at(-1),
      ArrowRight: () => days[day + 1] && nearest(days[day + 1], link),
      ArrowLeft: () => days[day - 1] && nearest(days[day - 1], link),
      Home: () => days[day][0],
      End: () => days[day].at(-1),
    }[event.key];
    if (next) {
      event.preventDefault();
      next()?.focus();
    }
  });

  document.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.matches("input, select, textarea") || event.ctrlKey || event.metaKey || event.altKey) return;
    // elsewhere on the page these keys scroll it
    if (!agenda.contains(target)) return;
    const link = /** @type {HTMLElement | null} */ (document.querySelector(`[data-agenda-key="${CSS.escape(event.key)}"]`));
    if (link) {
      event.preventDefault();
      link.click();
    }
  });
}

/** Moves the line as time goes on: the server said what time it is. @param {HTMLElement} agenda */
function showTheHour(agenda) {
  const line = agenda.querySelector("[data-agenda-now]");
  if (!line) return;
  const shown = Number(agenda.dataset.now);
  const first = Number(agenda.dataset.firstHour) * 60;
  setInterval(() => {
    const row = Math.floor((shown + performance.now() / 60000 - first) / 15);
    line.className = `agenda__now from-${row}`;
  }, 60000);
}
