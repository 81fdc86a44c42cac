// @ts-check
// What every page owes to whoever opens it, whatever it is about: pages are found by following links, so that a new
// one is held to the same from the day it is linked.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { axe, crawl, DESKTOP, frame, pattern, PHONE, ROLES, shot, Site } from "./harness.mjs";

/** Roles that the demonstration must give an account to; others are held to the same as soon as they have one. */
const REQUIRED = ["psychologist", "coordinator", "accountant", "administrator"];

// before the tests are declared: the accounts of the demonstration say which roles there are
const site = await Site.open();
after(() => site.close());

/** Fails with every complaint at once. */
function none(/** @type {string[]} */ complaints) {
  assert.equal(complaints.length, 0, `\n  ${[...new Set(complaints)].join("\n  ")}\n`);
}

/** Opens each address and gathers what axe, the frame and the browser complain about. */
async function inspect(/** @type {import("./harness.mjs").Page} */ page, /** @type {string[]} */ addresses, /** @type {string} */ name) {
  const complaints = [];
  for (const address of addresses) {
    const answer = await page.goto(address);
    if (!answer?.ok()) complaints.push(`${address} answers ${answer?.status()}`);
    await shot(page, `${name}-${pattern(address)}`);
    for (const line of [...(await axe(page)), ...(await frame(page))]) complaints.push(`${address}: ${line}`);
  }
  return [...complaints, ...site.takeTroubles()];
}

/** The widths and schemes in which each page is looked at. */
const LOOKS = [
  { name: "phone", viewport: PHONE, dark: false },
  { name: "desktop-dark", viewport: DESKTOP, dark: true },
];

test("visitor: pages anybody may read are right on phone and desktop", async () => {
  for (const look of LOOKS) {
    const page = await site.visitor(look);
    const { pages, broken } = await crawl(page, ["/connexion", "/accessibilite", "/mentions-legales", "/donnees-personnelles"]);
    none([...broken, ...(await inspect(page, pages, `visitor-${look.name}`))]);
    await page.context().close();
  }
});

for (const role of ROLES.filter((role) => REQUIRED.includes(role) || site.app.accounts[role])) {
  test(`${role}: every page that can be reached is right, with and without JavaScript`, async (context) => {
    /** @type {string[]} */
    let reached = [];

    await context.test("no link is broken and no page fails", async () => {
      const page = await site.as(role);
      const { pages, broken } = await crawl(page);
      reached = pages;
      assert.ok(pages.length >= 3, `only ${pages} can be reached from the home page`);
      none([...broken, ...site.takeTroubles()]);
      await page.context().close();
    });

    for (const look of LOOKS) {
      await context.test(`${look.name}: accessible, nothing cut, nothing too small`, async () => {
        const page = await site.as(role, look);
        none(await inspect(page, reached, `${role}-${look.name}`));
        await page.context().close();
      });
    }

    await context.test("320 px wide, which is a zoom of 400 % at a desk, it still fits", async () => {
      const page = await site.as(role, { viewport: { width: 320, height: 640 } });
      const complaints = [];
      for (const address of reached) {
        await page.goto(address);
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        if (width > 320) complaints.push(`${address} is ${width} px wide in 320 px`);
      }
      none(complaints);
      await page.context().close();
    });

    await context.test("without JavaScript: the same page, and no button that does nothing", async () => {
      const page = await site.as(role, { javaScript: false });
      const complaints = [];
      for (const address of reached) {
        const answer = await page.goto(address);
        if (!answer?.ok()) complaints.push(`${address} answers ${answer?.status()}`);
        if ((await page.locator("h1").count()) !== 1) complaints.push(`${address} has no h1 without JavaScript`);
        // these work by themselves: the browser opens what they name
        const dead = page.locator('button[type="button"]:not([popovertarget]):not([commandfor]):visible');
        for (const text of await dead.allInnerTexts()) complaints.push(`${address}: « ${text} » does nothing without JavaScript`);
      }
      none([...complaints, ...site.takeTroubles()]);
      await page.context().close();
    });

    await context.test("the keyboard reaches the content first, and sees where it is", async () => {
      const page = await site.as(role);
      await page.goto("/");
      await page.keyboard.press("Tab");
      const skip = await page.evaluate(() => document.activeElement?.getAttribute("href"));
      assert.match(skip ?? "", /^#/, "the first Tab must reach a skip link");
      const focus = await page.evaluate(() => {
        const style = getComputedStyle(/** @type {Element} */ (document.activeElement));
        return style.outlineStyle !== "none" || style.boxShadow !== "none";
      });
      assert.ok(focus, "the focus of the skip link cannot be seen");
      await page.context().close();
    });
  });
}
