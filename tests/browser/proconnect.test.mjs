// @ts-check
// Signing in with ProConnect in a real browser: to the provider's own page, on another site, and back.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { axe, DESKTOP, frame, NOW, PHONE, press, shot, Site } from "./harness.mjs";

const SECRET = "un secret que personne ne devine";

/** The provider of the tests in Rust, which shows its page instead of passing over it. */
async function startProvider() {
  // the demonstration's clock starts at NOW when it starts, and goes on from there
  const ahead = Math.floor((new Date(NOW).getTime() - Date.now()) / 1000);
  const script = fileURLToPath(new URL("../proconnect/provider.mjs", import.meta.url));
  const settings = { client_secret: SECRET, ahead, auto: false, host: "localhost" };
  const peer = spawn("node", [script, JSON.stringify(settings)], { stdio: ["pipe", "pipe", "inherit"] });
  const [port] = await once(peer.stdout, "data");
  const url = `http://localhost:${String(port).trim()}`;
  const set = (/** @type {object} */ settings) => fetch(`${url}/_control`, { method: "POST", body: JSON.stringify(settings) });
  return { url, set, stop: () => peer.stdin.end() };
}

const provider = await startProvider();
const site = await Site.open(undefined, {
  more: ["--proconnect"],
  env: {
    PSYPRE_PROCONNECT_ISSUER: `${provider.url}/api/v2`,
    PSYPRE_PROCONNECT_CLIENT_ID: "psypre",
    PSYPRE_PROCONNECT_CLIENT_SECRET: SECRET,
  },
});
site.neighbour = provider.url;
await provider.set({ site: site.url });
after(async () => {
  await site.close();
  provider.stop();
});

/** @param {import("playwright-core").Page} page */
const words = (page) => page.locator("body").innerText();

/** On the page of ours that leads to the provider, then at the provider: goes on as its person. */
async function throughProvider(/** @type {import("playwright-core").Page} */ page) {
  await page.waitForURL(`${provider.url}/**`);
  await press(page.getByRole("link", { name: /Continuer comme/ }));
}

for (const [role, javaScript] of /** @type {const} */ ([["accountant", true], ["coordinator", false]])) {
  test(`an account is linked, entered and left by ProConnect ${javaScript ? "" : "without JavaScript"}`, async () => {
    await provider.set({ subject: `sub-${role}`, email: `${role}@agents.example` });
    const page = await site.as(role, { viewport: javaScript ? PHONE : DESKTOP, javaScript });
    await page.goto("/mon-compte");
    await press(page.getByRole("link", { name: "Gérer ProConnect" }));
    await shot(page, `proconnect-${role}-unlinked`);
    if (javaScript) assert.deepEqual(await axe(page), []);
    await page.getByLabel("Mot de passe actuel").fill(site.account(role).password);
    await page.getByRole("button", { name: "Relier ProConnect" }).click();
    await throughProvider(page);
    assert.equal(new URL(page.url()).pathname, "/mon-compte/proconnect");
    assert.match(await words(page), new RegExp(`est relié à votre compte[^]*${role}@agents.example`));
    await shot(page, `proconnect-${role}-linked`);
    await page.context().close();

    const visitor = await site.visitor({ viewport: javaScript ? PHONE : DESKTOP, javaScript });
    await visitor.goto("/connexion?suite=%2Faide");
    await visitor.getByRole("link", { name: "S’identifier avec ProConnect" }).click();
    await throughProvider(visitor);
    assert.equal(new URL(visitor.url()).pathname, "/aide", "one goes on where one wanted to go");
    await visitor.goto("/mon-compte");
    await visitor.locator("summary.menu__summary").click();
    await visitor.getByRole("button", { name: "Se déconnecter" }).click();
    await visitor.waitForURL("**/connexion");
    assert.match(await words(visitor), /déconnecté de PsyPRE et de ProConnect/);
    await visitor.goto("/mon-compte");
    assert.equal(new URL(visitor.url()).pathname, "/connexion");
    await visitor.context().close();
    assert.deepEqual(site.takeTroubles(), []);
  });
}

test("the sign-in page shows both ways, whatever the screen", async () => {
  for (const [name, look] of /** @type {const} */ ([
    ["phone", { viewport: PHONE }],
    ["desktop", { viewport: DESKTOP }],
    ["dark", { viewport: DESKTOP, dark: true }],
    ["narrow", { viewport: { width: 320, height: 700 } }],
  ])) {
    const page = await site.visitor(look);
    await page.goto("/connexion");
    await shot(page, `proconnect-sign-in-${name}`);
    assert.deepEqual(await axe(page), [], name);
    assert.deepEqual(await frame(page), [], name);
    await page.context().close();
  }
});
