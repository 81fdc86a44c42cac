// @ts-check
// A passkey in a real browser, with Chromium's own virtual authenticator: made at the first sign-in, used at the next,
// used again to change what protects the account, taken away.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { axe, DESKTOP, frame, PHONE, press, shot, signIn, Site } from "./harness.mjs";

const site = await Site.open(undefined, { host: "localhost", more: ["--second-factor"] });
after(() => site.close());

/** @typedef {import("playwright-core").Page} Page */

/** Gives a page an authenticator that keeps passkeys and verifies its user at once. */
async function authenticator(/** @type {Page} */ page) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: false,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  const verified = (/** @type {boolean} */ isUserVerified) =>
    devtools.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
  const count = async () => (await devtools.send("WebAuthn.getCredentials", { authenticatorId })).credentials.length;
  const unplug = () => devtools.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId });
  return { verified, count, unplug };
}

const main = (/** @type {Page} */ page) => page.locator("main").innerText();

for (const [name, role, look] of /** @type {const} */ ([
  ["on a phone", "accountant", { viewport: PHONE }],
  ["on a desktop, in the dark", "auditor", { viewport: DESKTOP, dark: true }],
])) {
  test(`a passkey is made, used and taken away, ${name}`, async () => {
    const account = site.account(role);
    const page = await site.visitor(look);
    const keys = await authenticator(page);
    const width = look.viewport.width;
    const looked = async (/** @type {string} */ what) => {
      await shot(page, `${what}-${width}`);
      assert.deepEqual(await axe(page), []);
      assert.deepEqual(await frame(page), []);
    };

    await signIn(page, account.email, account.password);
    assert.equal(new URL(page.url()).pathname, "/connexion/second-facteur");
    await looked("cle-premiere");
    await page.getByLabel("Nom de cette clé").fill("Ordinateur du bureau");
    await press(page.getByRole("button", { name: "Créer une clé d’accès et entrer" }));
    assert.match(await main(page), /Votre clé d’accès est ajoutée/);
    await shot(page, `cle-codes-${width}`);
    assert.equal(await page.locator(".recovery-codes code").count(), 10);
    assert.equal(await keys.count(), 1);
    await press(page.getByRole("link", { name: "J’ai gardé mes codes, continuer" }));

    await page.context().clearCookies();
    await signIn(page, account.email, account.password);
    assert.equal(new URL(page.url()).pathname, "/connexion/code");
    await looked("cle-demandee");
    await keys.verified(false);
    await page.getByRole("button", { name: "Utiliser une clé d’accès" }).click();
    await page.getByText("Aucune clé d’accès n’a répondu.").waitFor();
    await shot(page, `cle-sans-reponse-${width}`);
    await keys.verified(true);
    await press(page.getByRole("button", { name: "Utiliser une clé d’accès" }));
    assert.doesNotMatch(page.url(), /connexion/);

    await page.goto("/mon-compte/second-facteur");
    assert.match(await main(page), /Ordinateur du bureau/);
    await looked("cle-liste");
    await press(page.getByRole("link", { name: "Retirer la clé Ordinateur du bureau" }));
    assert.match(await main(page), /C’est votre seul second facteur/);
    await looked("cle-derniere");

    // the same authenticator makes no second passkey for the account, another does
    await page.goto("/mon-compte/cles/nouvelle");
    await page.getByLabel("Nom de cette clé").fill("Clé USB");
    await page.getByLabel("Mot de passe actuel").fill(account.password);
    await page.getByRole("button", { name: "Utiliser plutôt une clé d’accès" }).click();
    await page.getByText("Votre clé d’accès a répondu").waitFor();
    await looked("cle-nouvelle");
    await press(page.getByRole("button", { name: "Continuer" }));
    assert.equal(new URL(page.url()).pathname, "/mon-compte/cles/enregistrement");
    await looked("cle-enregistrement");
    await page.getByRole("button", { name: "Créer la clé d’accès" }).click();
    await page.getByText("Cet appareil a déjà une clé d’accès pour votre compte.").waitFor();
    await keys.unplug();
    const other = await authenticator(page);
    await press(page.getByRole("button", { name: "Créer la clé d’accès" }));
    await page.getByText("La clé d’accès est ajoutée.").waitFor();
    assert.equal(await other.count(), 1);

    await press(page.getByRole("link", { name: "Retirer la clé Clé USB" }));
    await page.getByLabel("Mot de passe actuel").fill(account.password);
    await page.getByRole("button", { name: "Utiliser plutôt une clé d’accès" }).click();
    await page.getByText("Votre clé d’accès a répondu").waitFor();
    await looked("cle-retrait");
    await press(page.getByRole("button", { name: "Retirer cette clé" }));
    await page.getByText("La clé d’accès est retirée.").waitFor();
    assert.doesNotMatch(await page.locator("table").innerText(), /Clé USB/);
  });
}

test("nothing went wrong on any page", () => assert.deepEqual(site.troubles, []));
