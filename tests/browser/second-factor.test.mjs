// @ts-check
// A telephone is linked, then asked for at each sign-in, on a phone and without a script.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, test } from "node:test";
import { axe, DESKTOP, NOW, PHONE, press, shot, signIn, Site } from "./harness.mjs";

const site = await Site.open();
after(() => site.close());

/** @typedef {import("playwright-core").Page} Page */

const STARTED = Date.now();

/** The code that a telephone shows (RFC 6238) on the clock of the demonstration, some seconds later. */
function code(/** @type {string} */ letters, later = 0) {
  const bits = [...letters.replaceAll(" ", "")]
    .map((letter) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  const now = Date.parse(NOW) + (Date.now() - STARTED) + later * 1000;
  step.writeBigUInt64BE(BigInt(Math.floor(now / 30_000)));
  const digest = createHmac("sha1", key).update(step).digest();
  const at = (digest.at(-1) ?? 0) & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Links the telephone of who is signed in; gives the key and the recovery codes. */
async function link(/** @type {Page} */ page, /** @type {string} */ password) {
  await page.goto(`${site.url}/mon-compte/second-facteur`);
  await shot(page, "second-facteur");
  const letters = await page.locator("code.secret").innerText();
  await page.getByLabel("Mot de passe actuel").fill(password);
  await page.getByLabel("Code à six chiffres que montre l’application").fill(code(letters));
  await press(page.getByRole("button", { name: "Relier mon téléphone" }));
  await shot(page, "codes-de-secours");
  return { letters, codes: await page.locator(".recovery-codes code").allInnerTexts() };
}

for (const [name, look] of /** @type {const} */ ([
  ["on a phone", { viewport: PHONE }],
  ["on a desktop, in the dark", { viewport: DESKTOP, dark: true }],
  ["without a script", { viewport: PHONE, javaScript: false }],
])) {
  test(`a telephone is linked, then proves who signs in, ${name}`, async () => {
    const role = name === "on a phone" ? "accountant" : name === "without a script" ? "referent" : "auditor";
    const account = site.account(role);
    const page = await site.as(role, look);
    await page.goto(`${site.url}/mon-compte`);
    await shot(page, `mon-compte-${look.viewport.width}`);
    const { letters, codes } = await link(page, account.password);
    assert.equal(codes.length, 10);
    if (look.javaScript !== false) assert.deepEqual(await axe(page), []);
    await press(page.getByRole("link", { name: "J’ai gardé mes codes, continuer" }));
    await page.goto(`${site.url}/mon-compte/connexions`);
    await shot(page, `connexions-${look.viewport.width}`);
    assert.match(await page.locator("main").innerText(), /Chrome, Linux/);

    const again = await site.visitor(look);
    await again.goto(`${site.url}/connexion`);
    await signIn(again, account.email, account.password);
    assert.equal(new URL(again.url()).pathname, "/connexion/code");
    await shot(again, `code-${look.viewport.width}`);
    if (look.javaScript !== false) assert.deepEqual(await axe(again), []);
    await again.getByLabel("Code à six chiffres").fill("000000");
    await press(again.getByRole("button", { name: "Se connecter" }));
    assert.match(await again.locator("main").innerText(), /Ce code ne convient pas/);
    await again.getByLabel("Code à six chiffres").fill(code(letters, 30));
    await press(again.getByRole("button", { name: "Se connecter" }));
    assert.doesNotMatch(again.url(), /connexion/);

    const lost = await site.visitor(look);
    await lost.goto(`${site.url}/connexion`);
    await signIn(lost, account.email, account.password);
    await lost.getByText("Je n’ai pas mon téléphone").click();
    await lost.getByLabel("Code de secours").fill(codes[0] ?? "");
    await shot(lost, `code-de-secours-${look.viewport.width}`);
    await press(lost.getByRole("button", { name: "Se connecter" }));
    assert.doesNotMatch(lost.url(), /connexion/);
  });
}

test("nothing went wrong on any page", () => assert.deepEqual(site.troubles, []));
