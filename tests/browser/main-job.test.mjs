// @ts-check
// The whole job, as people do it: a session recorded on a phone, approved at a desk, invoiced, paid, exported, told by e-mail.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { DESKTOP, NOW, PHONE, press, Site } from "./harness.mjs";

const site = await Site.open();
after(() => site.close());

/** The month before this one, as the addresses write it. */
function lastMonth() {
  const today = new Date(NOW);
  return new Date(Date.UTC(today.getFullYear(), today.getMonth() - 1, 1)).toISOString().slice(0, 7);
}

/** The mails sent so far, waiting for one that says this. */
async function mailThatSays(/** @type {RegExp} */ words) {
  const folder = join(site.app.data, "mails");
  for (let tries = 0; tries < 60; tries += 1) {
    for (const name of await readdir(folder).catch(() => [])) {
      const mail = await readFile(join(folder, name), "utf8");
      const plain = mail.replace(/=\r?\n/g, "").replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
      if (words.test(Buffer.from(plain, "latin1").toString("utf8"))) return mail;
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`no mail says ${words}`);
}

for (const javaScript of [true, false]) {
  test(`a usual session takes three taps on a phone ${javaScript ? "" : "without JavaScript"}`, async () => {
    const page = await site.as("psychologist", { viewport: PHONE, javaScript });
    await page.goto("/");
    let taps = 0;
    const tap = async (/** @type {import("playwright-core").Locator} */ where) => {
      taps += 1;
      await press(where);
    };
    await tap(page.getByRole("link", { name: /Saisir une séance/ }).first());
    // children of Chenôve, whose coordinator approves below; each run takes another
    taps += 1;
    await page.locator("main label").filter({ hasText: javaScript ? "Sami Imaginaire" : "Noé Fictif" }).first().click();
    await tap(page.getByRole("button", { name: /Enregistrer/ }));
    assert.match(await page.locator("body").innerText(), /enregistrée|Attend|chevauche|déjà/i);
    assert.ok(taps <= 3, `${taps} taps`);
    await page.context().close();
  });
}

test("the coordinator approves everything that waits at once", async () => {
  const page = await site.as("coordinator", { viewport: DESKTOP });
  await page.goto("/validations");
  await page.locator("[data-all-rows]").check();
  const button = page.getByRole("button", { name: /Valider \d+ séances?/ });
  const [, count] = /Valider (\d+)/.exec((await button.innerText()) ?? "") ?? [];
  assert.ok(Number(count) >= 1, "something waits");
  await press(button);
  assert.match(await page.locator("body").innerText(), new RegExp(`${count}|Aucune séance à valider`));
  await page.context().close();
});

test("the psychologist issues last month's invoice, and the accountant pays it and exports the month", async () => {
  const month = lastMonth();
  const psychologist = await site.as("psychologist");
  await psychologist.goto(`/factures/apercu?mois=${month}`);
  await press(psychologist.getByRole("link", { name: /Continuer vers l’émission/ }));
  await press(psychologist.getByRole("button", { name: /Émettre la facture/ }));
  const address = new URL(psychologist.url()).pathname;
  assert.match(address, /^\/factures\/[0-9a-f-]{36}$/);
  const number = /F\d{4}-\d{4}/.exec(await psychologist.locator("h1").innerText())?.[0];
  assert.ok(number, "the page says the number");
  const document = await psychologist.request.get(`${site.url}${address}/fichiers/factur-x.pdf`);
  assert.equal(document.headers()["content-type"], "application/pdf");
  assert.ok((await document.body()).subarray(0, 5).equals(Buffer.from("%PDF-")));

  const accountant = await site.as("accountant");
  for (const step of [/dépôt/i, /mandatement/i, /paiement/i]) {
    await accountant.goto(address);
    await press(accountant.getByRole("button", { name: step }).first());
  }
  await accountant.goto(address);
  assert.match(await accountant.locator("main").innerText(), /Payée/);

  await accountant.goto(`/exports?mois=${month}`);
  for (const format of ["csv", "xlsx", "json", "zip"]) {
    const file = await accountant.request.get(`${site.url}/exports/${month}.${format}`);
    assert.equal(file.status(), 200, format);
    assert.ok((await file.body()).length > 200, format);
  }
  await mailThatSays(new RegExp(number));
  await psychologist.context().close();
  await accountant.context().close();
});

test("nothing went wrong on any of these pages", () => {
  assert.deepEqual(site.takeTroubles(), []);
});
