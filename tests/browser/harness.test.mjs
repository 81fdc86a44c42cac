// @ts-check
// The harness itself: it must see what is wrong, on a site that is wrong on purpose, or green tests mean nothing.
import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { axe, crawl, frame, pattern, PHONE, readAccounts, shot, signIn, Site, startApp } from "./harness.mjs";

/** @type {Site} */
let site;
before(async () => {
  site = await Site.open(fileURLToPath(new URL("./selftest/server.mjs", import.meta.url)));
});
after(() => site?.close());

test("the accounts that the demonstration prints are understood", () => {
  assert.deepEqual(site.app.accounts.psychologist, { email: "anne.exemple@demo.test", password: "secret-1" });
  assert.deepEqual(site.app.accounts.coordinator, { email: "coordination@demo.test", password: "secret-1" });
  assert.deepEqual(site.app.accounts.accountant, { email: "comptable@demo.test", password: "secret-1" });
  const shared = "PsyPRE : http://127.0.0.1:8080\n  Comptable  c@demo.test\n  DPO  d@demo.test (lecture)\nMot de passe de tous : corail-42\n";
  assert.deepEqual(readAccounts(shared), {
    accountant: { email: "c@demo.test", password: "corail-42" },
    auditor: { email: "d@demo.test", password: "corail-42" },
  });
  assert.deepEqual(readAccounts("no account here"), {});
  assert.throws(() => site.account("auditor"), /no account for the auditor/);
});

test("signing in gives pages of that role, and a wrong password is told", async () => {
  const page = await site.as("psychologist");
  await page.goto("/");
  assert.equal(await page.locator("h1").innerText(), "Accueil");
  await assert.rejects(signIn(await site.visitor(), "anne.exemple@demo.test", "wrong"), /could not sign in/);
});

test("JavaScript can be turned off", async () => {
  for (const [javaScript, text] of /** @type {[boolean, string][]} */ ([[true, "avec script"], [false, "sans script"]])) {
    const page = await site.as("psychologist", { javaScript });
    await page.goto("/");
    assert.equal(await page.locator("#script").innerText(), text);
  }
});

test("a page that is right passes", async () => {
  const page = await site.as("psychologist", { viewport: PHONE });
  await page.goto("/");
  assert.deepEqual([await axe(page), await frame(page), site.takeTroubles()], [[], [], []]);
});

test("a page that is wrong is seen to be wrong", async () => {
  const page = await site.as("psychologist", { viewport: PHONE });
  await page.goto("/faux");
  const rules = (await axe(page)).map((/** @type {string} */ line) => line.split(":")[0]);
  for (const rule of ["html-has-lang", "document-title", "image-alt", "color-contrast"]) assert.ok(rules.includes(rule), rule);
  const wrong = (await frame(page)).join("\n");
  for (const part of ["lang=fr", "no title", "2 h1", "px wide", "a finger needs 44"]) assert.ok(wrong.includes(part), part);
  await page.goto("/panne");
  const troubles = site.takeTroubles().join("\n");
  for (const part of ["raté", "/panne answered 500"]) assert.ok(troubles.includes(part), part);
});

test("links are followed once a pattern, and broken ones are named", async () => {
  const found = await crawl(await site.as("psychologist"));
  assert.deepEqual(found.pages, ["/", "/faux", "/seances/1"]);
  assert.deepEqual(found.files, ["/mois.csv"]);
  assert.equal(found.broken.length, 1);
  assert.match(found.broken[0], /^\/perdu \(from \/\) answers 404$/);
  assert.equal(pattern("/factures/0198a1b2-aaaa-7bbb-8ccc-0123456789ab?page=2&mois=2026-10"), "/factures/:id?mois&page");
  site.takeTroubles();
});

test("a picture is saved where it is asked for", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "psypre-shots-"));
  const page = await site.as("psychologist");
  await page.goto("/");
  await shot(page, "accueil/1280", folder);
  assert.deepEqual(await readdir(folder), ["accueil_1280.png"]);
  await rm(folder, { recursive: true });
});

test("a binary that does not start says why", async () => {
  await assert.rejects(startApp("/bin/false"), /not ready: it ended with 1/);
  await assert.rejects(startApp("/absent/psypre"), /not ready: .*ENOENT/);
});
