// @ts-check
// A series with conflicts is booked by keyboard alone, and by finger on a phone.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { axe, DESKTOP, PHONE, press, shot, Site } from "./harness.mjs";

const site = await Site.open();
after(() => site.close());

/** @typedef {import("playwright-core").Page} Page */

/** Presses Tab until what is focused matches. */
async function tabTo(/** @type {Page} */ page, /** @type {string} */ selector) {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) return;
  }
  throw new Error(`Tab never reaches ${selector}`);
}

/** Types a date or a time into the native field that is focused, part after part. */
async function typeParts(/** @type {Page} */ page, /** @type {string} */ value) {
  const isDate = value.includes("-");
  const order = isDate ? value.split("-").reverse() : value.split(":");
  // the order of the parts is the browser's own: what matters is what the field then holds
  // a clock of twelve hours asks which half of the day; one of twenty-four passes over the letter
  await page.keyboard.type(order.join("") + (isDate ? "" : "A"));
  const held = await page.evaluate(() => /** @type {HTMLInputElement} */ (document.activeElement).value);
  if (held !== value && isDate) {
    const [year, month, day] = value.split("-");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.type(`${month}${day}${year}`);
  }
  assert.equal(await page.evaluate(() => /** @type {HTMLInputElement} */ (document.activeElement).value), value);
}

/** What each day of the preview says. */
const days = (/** @type {Page} */ page) => page.locator("main .rows > li").allInnerTexts();

test("a series with conflicts is booked by keyboard alone", async () => {
  const page = await site.as("coordinator", { viewport: DESKTOP });
  // something stands in the way of the second week
  await page.goto("/seances/reservation");
  const child = page.locator("[name=child]");
  if ((await child.count()) === 1) await child.selectOption({ index: 1 });
  else await child.nth(1).check();
  await page.locator("[name=session_on]").fill("2026-12-10");
  await page.locator("[name=starts_at]").fill("09:30");
  await press(page.getByRole("button", { name: "Prendre le rendez-vous" }));
  if (await page.locator("[name=although_unusual]").count()) {
    await page.locator("label", { hasText: "quand même" }).click();
    await press(page.getByRole("button", { name: "Prendre le rendez-vous", exact: true }));
  }
  assert.match(await page.locator("body").innerText(), /Le rendez-vous est pris/);

  await page.goto("/seances/reservation");
  await tabTo(page, "[name=child]");
  await page.keyboard.press("ArrowDown");
  await tabTo(page, "[name=session_on]");
  await typeParts(page, "2026-12-03");
  await tabTo(page, "[name=starts_at]");
  await typeParts(page, "09:00");
  await tabTo(page, "summary");
  await page.keyboard.press("Enter");
  await tabTo(page, "[name=rhythm]");
  await page.keyboard.press("ArrowDown");
  await tabTo(page, "[name=times]");
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("6");
  await shot(page, "series-form-desktop");
  await page.keyboard.press("Enter");
  await page.waitForURL(/reservation/);
  await page.getByRole("heading", { level: 1, name: "Vérifier les rendez-vous" }).waitFor();

  // six Thursdays from December: one is taken, and two are in the Christmas holidays
  const said = await days(page);
  assert.equal(said.length, 6);
  assert.match(said.join("\n"), /vacances scolaires/);
  assert.match(said.join("\n"), /Impossible.* a déjà une séance le jeudi 10 décembre/);
  assert.match(said.join("\n"), /Prendre à la place jeudi 10 décembre à/);
  assert.deepEqual(await axe(page), []);
  await shot(page, "series-preview-desktop");

  // the first that can be chosen is chosen already: space gives it up, space takes it again
  await tabTo(page, "[data-row-choice]");
  const button = page.locator("[data-counted]");
  const before = await button.innerText();
  await page.keyboard.press("Space");
  assert.notEqual(await button.innerText(), before);
  await page.keyboard.press("Space");
  assert.equal(await button.innerText(), before);
  const [, count] = /Prendre (\d+) rendez-vous/.exec(before) ?? [];
  assert.ok(Number(count) >= 1, before);
  await tabTo(page, "[data-counted]");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/seances\/[0-9a-f-]{36}$/);
  assert.match(await page.locator("body").innerText(), Number(count) > 1 ? new RegExp(`${count}\\s+rendez-vous sont pris`) : /Le rendez-vous est pris/);
  await shot(page, "series-booked-desktop");
  await page.context().close();
});

test("a series is looked at, chosen in part and booked by finger on a phone", async () => {
  const page = await site.as("psychologist", { viewport: PHONE });
  await page.goto("/seances/reservation");
  await page.locator("main label.choice__label").first().tap().catch(() => page.locator("main label.choice__label").first().click());
  await page.locator("[name=session_on]").fill("2026-12-02");
  await page.locator("[name=starts_at]").fill("10:30");
  await page.locator("summary", { hasText: "Répéter" }).click();
  await page.locator("[name=rhythm]").selectOption("weekly");
  await page.locator("label", { hasText: "Une date" }).click();
  await page.locator("[name=until]").fill("2026-12-31");
  await shot(page, "series-form-phone");
  await press(page.getByRole("button", { name: "Prendre le rendez-vous" }));
  await page.getByRole("heading", { level: 1, name: "Vérifier les rendez-vous" }).waitFor();
  await shot(page, "series-preview-phone");
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= PHONE.width, `the page is ${width} px wide`);
  for (const label of await page.locator(".pick:has(input)").all()) {
    const box = await label.boundingBox();
    assert.ok(box && box.height >= 44, "easy to touch");
  }
  // one more, although it is unusual
  const unticked = page.locator(".pick:has(input:not(:checked))").last();
  await unticked.click();
  const button = page.locator("[data-counted]");
  const [, count] = /Prendre (\d+) rendez-vous/.exec(await button.innerText()) ?? [];
  await press(button);
  await page.waitForURL(/\/seances\/[0-9a-f-]{36}$/);
  assert.match(await page.locator("body").innerText(), new RegExp(`${count}\\s+rendez-vous sont pris|Le rendez-vous est pris`));

  // moved with what follows, then cancelled with what follows, and restored
  await press(page.getByRole("link", { name: "Déplacer…" }));
  await shot(page, "move-phone");
  await page.locator("[name=starts_at]").fill("07:30");
  await page.locator("label", { hasText: "Celui-ci et" }).click();
  await press(page.getByRole("button", { name: "Déplacer", exact: true }));
  if (await page.locator("[name=although_unusual]").count()) {
    await page.locator("label", { hasText: "quand même" }).click();
    await press(page.getByRole("button", { name: "Déplacer", exact: true }));
  }
  assert.match(await page.locator("body").innerText(), /sont déplacés/);
  await page.locator("summary", { hasText: "Annuler" }).click();
  await press(page.getByRole("button", { name: /Annuler celui-ci et/ }));
  assert.match(await page.locator("body").innerText(), /sont annulés/);
  await press(page.getByRole("button", { name: "Rétablir", exact: true }));
  assert.match(await page.locator("body").innerText(), /sont rétablis/);
  await shot(page, "session-of-series-phone");
  await page.context().close();
});

test("a referent asks, and the answer is booked from the request", async () => {
  const referent = await site.as("referent", { viewport: PHONE });
  await referent.goto("/demandes/nouvelle");
  await shot(referent, "request-new-phone");
  assert.deepEqual(await axe(referent), []);
  await referent.goto("/demandes");
  await shot(referent, "requests-referent-phone");
  const coordinator = await site.as("coordinator", { viewport: DESKTOP });
  await coordinator.goto("/validations");
  await shot(coordinator, "approvals-desktop");
  await coordinator.goto("/demandes");
  await shot(coordinator, "requests-coordinator-desktop");
  assert.deepEqual(await axe(coordinator), []);
  await press(coordinator.getByRole("link", { name: /Prendre le rendez-vous/ }).first());
  await coordinator.locator("[name=starts_at]").fill("18:00");
  await shot(coordinator, "request-booking-desktop");
  await press(coordinator.getByRole("button", { name: "Prendre le rendez-vous" }));
  if (await coordinator.locator("[name=although_unusual]").count()) {
    await shot(coordinator, "request-unusual-desktop");
    await coordinator.locator("label", { hasText: "quand même" }).click();
    await press(coordinator.getByRole("button", { name: "Prendre le rendez-vous", exact: true }));
  }
  await coordinator.waitForURL(/\/seances\/[0-9a-f-]{36}$/);
  await referent.goto("/demandes");
  assert.match(await referent.locator("main").innerText(), /Rendez-vous pris/);
  await referent.context().close();
  await coordinator.context().close();
});

test("nothing went wrong on any of these pages", () => {
  assert.deepEqual(site.takeTroubles(), []);
});
