// @ts-check
// The agenda by keyboard alone, on the narrowest phone, and on one sheet of paper.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { axe, DESKTOP, press, shot, Site } from "./harness.mjs";

const site = await Site.open();
after(() => site.close());

/** The Monday after the instant of the demonstration: sessions booked, places free. */
const WEEK = "/agenda?jour=2026-11-23";

/** What has the focus, as it is read. */
const focused = (/** @type {import("./harness.mjs").Page} */ page) =>
  page.evaluate(() => (document.activeElement?.textContent ?? "").replace(/\s+/g, " ").trim());

test("a free place is found and chosen by keyboard alone", async () => {
  const page = await site.as("psychologist", { viewport: DESKTOP });
  await page.goto(WEEK);
  const links = page.locator("[data-agenda] a.block__link");
  assert.ok((await links.count()) > 4);
  // one stop of Tab for the whole grid
  assert.equal(await page.locator('[data-agenda] a.block__link[tabindex="0"]').count(), 1);
  await page.locator('[data-agenda] a.block__link[tabindex="0"]').focus();
  const first = await focused(page);
  await page.keyboard.press("ArrowDown");
  assert.notEqual(await focused(page), first);
  await page.keyboard.press("ArrowUp");
  assert.equal(await focused(page), first);
  await page.keyboard.press("ArrowRight");
  const day = await page.evaluate(() => document.activeElement?.closest("section")?.querySelector("h2")?.textContent ?? "");
  assert.match(day, /mercredi 25/i);
  for (let tries = 0; tries < 12 && !/Libre/.test(await focused(page)); tries += 1) await page.keyboard.press("ArrowDown");
  assert.match(await focused(page), /Libre/);
  await Promise.all([page.waitForURL(/seances\/reservation/), page.keyboard.press("Enter")]);
  assert.equal(await page.inputValue("[name=session_on]"), "2026-11-25");
  assert.match(await page.inputValue("[name=starts_at]"), /^\d\d:\d\d$/);
  assert.notEqual(await page.inputValue("[name=place]"), "");
  await page.context().close();
});

test("page keys go from week to week", async () => {
  const page = await site.as("psychologist", { viewport: DESKTOP });
  await page.goto(WEEK);
  await page.locator('[data-agenda] a.block__link[tabindex="0"]').focus();
  await Promise.all([page.waitForURL(/jour=2026-11-30/), page.keyboard.press("PageDown")]);
  assert.match((await page.textContent("h1")) ?? "", /30 novembre 2026 au 6 décembre 2026/);
  await page.context().close();
});

for (const role of /** @type {const} */ (["psychologist", "coordinator"])) {
  test(`${role}: at 320 px everything is there, large enough, and nothing is cut`, async () => {
    const page = await site.as(role, { viewport: { width: 320, height: 640 } });
    for (const address of [WEEK, `${WEEK}&vue=jour`, `${WEEK}&vue=liste`]) {
      await page.goto(address);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 320, address);
      const cut = await page.evaluate(() =>
        [...document.querySelectorAll(".block__link")].filter((e) => e.scrollHeight > e.clientHeight + 1 || e.clientHeight < 42).length,
      );
      assert.equal(cut, 0, address);
      assert.deepEqual(await axe(page), []);
      await shot(page, `agenda-320-${role}-${address.slice(-5)}`);
    }
    await page.context().close();
  });

  test(`${role}: a week prints on one page`, async () => {
    const page = await site.as(role, { viewport: DESKTOP });
    for (const address of [WEEK, "/agenda", `${WEEK}&vue=jour`, `${WEEK}&vue=liste`]) {
      await page.goto(address);
      const pdf = (await page.pdf({ preferCSSPageSize: true, printBackground: true })).toString("latin1");
      assert.equal((pdf.match(/\/Type\s*\/Page\b(?!s)/g) ?? []).length, 1, address);
    }
    await page.context().close();
  });
}

test("today and the present hour are seen", async () => {
  const page = await site.as("psychologist", { viewport: DESKTOP });
  await page.goto("/agenda");
  assert.match((await page.textContent(".agenda__day--today h2")) ?? "", /vendredi 20\s+aujourd’hui/i);
  const line = await page.locator("[data-agenda-now]").boundingBox();
  const column = await page.locator(".agenda__day--today [data-agenda-day]").boundingBox();
  assert.ok(line && column && line.y >= column.y && line.y <= column.y + column.height);
  await page.context().close();
});

test("without JavaScript every block is a link in the order of Tab", async () => {
  const page = await site.as("psychologist", { viewport: DESKTOP, javaScript: false });
  await page.goto(WEEK);
  assert.equal(await page.locator("[data-agenda] a.block__link[tabindex]").count(), 0);
  await press(page.locator(".block--free a").first());
  assert.match(page.url(), /seances\/reservation\?jour=2026-11-23/);
  await page.context().close();
});
