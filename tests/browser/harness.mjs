// @ts-check
/**
 * Starts the real binary on a fresh demonstration and gives pages of Debian's Chromium on it.
 *
 * PSYPRE_BIN      the binary (`make test` sets it)
 * PSYPRE_CHROMIUM the browser, by default `chromium` where Debian puts it
 * PSYPRE_SHOTS    a folder: `shot` saves pictures there, and nowhere when it is not set
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, mkdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";

/** @typedef {"psychologist" | "coordinator" | "referent" | "administrator" | "accountant" | "auditor"} Role */
/** @typedef {{ email: string, password: string }} Account */
/** @typedef {{ viewport?: { width: number, height: number }, dark?: boolean, javaScript?: boolean }} Look */
/** @typedef {import("playwright-core").Page} Page */

export const PHONE = { width: 360, height: 740 };
export const DESKTOP = { width: 1280, height: 900 };

/** @type {Role[]} */
export const ROLES = ["psychologist", "coordinator", "referent", "administrator", "accountant", "auditor"];

/** How `psypre demo` names each role on the line of its account. @type {[Role, RegExp][]} */
const ROLE_WORDS = [
  ["psychologist", /psychologue|psychologist/i],
  ["coordinator", /coordinat/i],
  ["referent", /r[ée]f[ée]rent/i],
  ["accountant", /comptab|accountant/i],
  ["administrator", /administrat/i],
  ["auditor", /audit|dpo|contr[ôo]le/i],
];

const CHROMIUM_FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * The first account of each role in what `psypre demo` prints: a line with a word of the role and an e-mail address,
 * then its password, unless a line of its own gives the password of all ("Mot de passe : …").
 */
export function readAccounts(/** @type {string} */ output) {
  /** @type {Partial<Record<Role, Account>>} */
  const accounts = {};
  const lines = output.split("\n");
  const shared = lines.filter((line) => !line.includes("@")).join("\n").match(/(?:mots? de passe|password)[^:\n]*:\s*(\S+)/i)?.[1];
  for (const line of lines) {
    const [email] = line.match(/[\w.+-]+@[\w.-]+\w/) ?? [];
    if (!email) continue;
    const own = line.slice(line.indexOf(email) + email.length).match(/[^\s,;:|/]\S*/)?.[0];
    const password = shared ?? own;
    // the address and the password may hold a word of a role that is not theirs
    const words = line.replace(email, "").replace(password ?? "", "");
    const role = ROLE_WORDS.find(([, word]) => word.test(words))?.[0];
    if (role && password && !accounts[role]) accounts[role] = { email, password };
  }
  return accounts;
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (probe.address());
  probe.close();
  await once(probe, "close");
  return port;
}

/** When every visit takes place, a Friday afternoon: what the pages offer does not depend on when the tests run. */
export const NOW = "2026-11-20T16:30:00+01:00";

/** @typedef {{ more?: string[], env?: Record<string, string>, host?: string }} Setting What else the demonstration is told. */

/** Starts `binary demo` in a folder of its own and waits until it is ready. */
export async function startApp(binary = process.env.PSYPRE_BIN, /** @type {Setting} */ { more = [], env = {}, host = "127.0.0.1" } = {}) {
  if (!binary) throw new Error("PSYPRE_BIN does not name the binary: run `make test`, or set it to target/debug/psypre");
  const data = await mkdtemp(path.join(tmpdir(), "psypre-browser-"));
  const url = `http://${host}:${await freePort()}`;
  const app = spawn(binary, ["demo", "--at", NOW, "--data", data, "--listen", url.slice("http://".length), ...more], {
    env: { ...process.env, DATABASE_URL: undefined, RUST_LOG: "warn", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  app.stdout.on("data", (chunk) => (output += chunk));
  app.stderr.on("data", (chunk) => (output += chunk));
  let failed = "";
  app.on("error", (error) => (failed = error.message));
  app.on("exit", (code) => (failed ||= `it ended with ${code}`));

  const stop = async () => {
    if (app.exitCode === null && app.signalCode === null && app.pid) {
      const ended = once(app, "exit");
      app.kill("SIGTERM");
      // it is asked first; data of a demonstration is worth no longer wait
      const patience = setTimeout(() => app.kill("SIGKILL"), 5000);
      await ended;
      clearTimeout(patience);
    }
    await rm(data, { recursive: true, force: true });
  };
  for (const deadline = Date.now() + 120_000; ; await sleep(100)) {
    if (failed || Date.now() > deadline) {
      await stop();
      throw new Error(`${binary} demo is not ready: ${failed || "no answer within two minutes"}\n${output}`);
    }
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    if (answer?.ok) break;
  }
  return { url, data, stop, output: () => output, accounts: readAccounts(output) };
}

/** The site as its visitors meet it: the binary, a browser, and signed-in pages by role. */
export class Site {
  /** @type {Map<string, Awaited<ReturnType<import("playwright-core").BrowserContext["storageState"]>>>} */
  #signedIn = new Map();
  /** What went wrong on any page: errors of scripts and of the server, content from elsewhere. @type {string[]} */
  troubles = [];

  constructor(/** @type {Awaited<ReturnType<typeof startApp>>} */ app, /** @type {import("playwright-core").Browser} */ browser) {
    this.app = app;
    this.browser = browser;
    this.url = app.url;
    /** Another site that pages may lead to; nothing else may be asked there. @type {string | undefined} */
    this.neighbour = undefined;
  }

  static async open(binary = process.env.PSYPRE_BIN, /** @type {Setting} */ setting = {}) {
    const app = await startApp(binary, setting);
    try {
      const executablePath = process.env.PSYPRE_CHROMIUM ?? "/usr/bin/chromium";
      return new Site(app, await chromium.launch({ executablePath, args: CHROMIUM_FLAGS }));
    } catch (error) {
      await app.stop();
      throw error;
    }
  }

  async close() {
    await this.browser.close();
    await this.app.stop();
  }

  /** A page nobody is signed in on. */
  async visitor(/** @type {Look} */ look = {}) {
    return this.#page(look);
  }

  /** A page signed in as the demonstration's account of that role; each call has a page of its own. */
  async as(/** @type {Role} */ role, /** @type {Look} */ look = {}) {
    const account = this.account(role);
    if (!this.#signedIn.has(role)) {
      const page = await this.#page({});
      await signIn(page, account.email, account.password);
      this.#signedIn.set(role, await page.context().storageState());
      await page.context().close();
    }
    return this.#page(look, this.#signedIn.get(role));
  }

  account(/** @type {Role} */ role) {
    const account = this.app.accounts[role];
    if (!account) throw new Error(`psypre demo printed no account for the ${role}:\n${this.app.output()}`);
    return account;
  }

  /** The troubles since the last call. */
  takeTroubles() {
    return this.troubles.splice(0);
  }

  /** @param {Look} look @param {any} [storageState] */
  async #page({ viewport = DESKTOP, dark = false, javaScript = true }, storageState) {
    const context = await this.browser.newContext({
      baseURL: this.url,
      viewport,
      colorScheme: dark ? "dark" : "light",
      javaScriptEnabled: javaScript,
      locale: "fr-FR",
      timezoneId: "Europe/Paris",
      storageState,
    });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    page.on("pageerror", (error) => this.troubles.push(`${page.url()}: ${error.message}`));
    page.on("console", (message) => {
      // a page that answers 4xx on purpose is no trouble: the test that asked for it looks at the answer
      const refused = /Failed to load resource: the server responded with a status of 4/.test(message.text());
      if (message.type() === "error" && !refused) this.troubles.push(`${page.url()}: ${message.text()}`);
    });
    page.on("response", (answer) => {
      if (answer.status() >= 500) this.troubles.push(`${answer.url()} answered ${answer.status()}`);
    });
    page.on("request", (request) => {
      if (request.isNavigationRequest() && this.neighbour && request.url().startsWith(this.neighbour)) return;
      // what the neighbour's own pages ask is not ours to say
      if (this.neighbour && page.url().startsWith(this.neighbour)) return;
      // the PDF viewer is the browser's own
      if (!/^(data|blob|about|chrome|chrome-extension|chrome-untrusted):/.test(request.url()) && new URL(request.url()).origin !== this.url) {
        this.troubles.push(`${page.url()} asks ${new URL(request.url()).origin}: everything must come from us`);
      }
    });
    return page;
  }
}

/** Opens the sign-in page and signs in as a person does. */
export async function signIn(/** @type {Page} */ page, /** @type {string} */ email, /** @type {string} */ password) {
  await page.goto("/connexion");
  const form = page.locator("form").filter({ has: page.locator('input[type="password"]') });
  await form.locator('input[type="email"]').fill(email);
  await form.locator('input[type="password"]').fill(password);
  await press(form.locator('button[type="submit"], button:not([type])').first());
  if (new URL(page.url()).pathname === "/connexion") {
    throw new Error(`${email} could not sign in: ${(await page.locator("main, body").first().innerText()).slice(0, 500)}`);
  }
}

/** Presses a link or a button that answers with another page, and waits for that page. */
export async function press(/** @type {import("playwright-core").Locator} */ where) {
  const page = where.page();
  await Promise.all([page.waitForEvent("framenavigated", (frame) => frame === page.mainFrame()), where.click()]);
  await page.waitForLoadState();
}

/** Saves the whole page as NAME.png in the folder of PSYPRE_SHOTS, if there is one. */
export async function shot(/** @type {Page} */ page, /** @type {string} */ name, folder = process.env.PSYPRE_SHOTS) {
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name.replace(/[^\w-]+/g, "_")}.png`), fullPage: true });
}

const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** @type {string | undefined} */
let axeSource;

/** What axe finds wrong: one line a rule, with where. Empty is right. */
export async function axe(/** @type {Page} */ page) {
  axeSource ??= await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(
    // @ts-ignore axe was put in the page just above
    (values) => window.axe.run(document, { runOnly: { type: "tag", values }, resultTypes: ["violations"] }),
    AXE_TAGS,
  );
  return violations.map((/** @type {any} */ rule) => {
    const where = rule.nodes.slice(0, 3).map((/** @type {any} */ node) => node.target.join(" "));
    return `${rule.id}: ${rule.help} (${rule.nodes.length} × ${where.join(", ")})`;
  });
}

/** What breaks the rules of `look.md`'s frame, as sentences; empty is right. */
export async function frame(/** @type {Page} */ page) {
  return page.evaluate(() => {
    const wrong = [];
    /** @param {Element} e */
    const name = (e) => `<${e.tagName.toLowerCase()}> « ${(e.textContent || e.getAttribute("name") || "").trim().slice(0, 40)} »`;
    if (document.documentElement.lang !== "fr") wrong.push("the page does not say lang=fr");
    if (!document.title.trim()) wrong.push("the page has no title");
    const headings = document.querySelectorAll("h1").length;
    if (headings !== 1) wrong.push(`the page has ${headings} h1 instead of one`);
    if (document.documentElement.scrollWidth > innerWidth) {
      const wide = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > innerWidth + 1);
      wrong.push(`the page is ${document.documentElement.scrollWidth} px wide in ${innerWidth} px: ${wide.slice(0, 3).map(name)}`);
    }
    const labels = (/** @type {any} */ e) => [e, ...(e.labels ?? [])];
    const targets = 'button, select, input:not([type="hidden"]), textarea, summary, nav a, [class*="button"]';
    for (const target of document.querySelectorAll(targets)) {
      if (!target.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      const boxes = labels(target).map((/** @type {Element} */ e) => e.getBoundingClientRect());
      // a skip link waits outside the page until it has the focus
      if (boxes.every((box) => box.right <= 0 || box.bottom <= 0 || box.width <= 1)) continue;
      const height = Math.max(...boxes.map((box) => box.height));
      if (innerWidth < 640 && height < 43.5) wrong.push(`${name(target)} is ${Math.round(height)} px high: a finger needs 44`);
    }
    return wrong;
  });
}

/** The address with what changes from one thing to another taken out: one pattern for a hundred sessions. */
export function pattern(/** @type {string} */ url) {
  const { pathname, searchParams } = new URL(url, "http://site");
  const parts = pathname.split("/").map((part) => (/\d|^[A-Za-z0-9_-]{20,}$/.test(part) ? ":id" : part));
  const keys = [...new Set(searchParams.keys())].sort();
  return parts.join("/") + (keys.length ? `?${keys.join("&")}` : "");
}

const FILES = /\.(pdf|csv|xlsx|zip|ics|json|xml|eml|txt|toml)$|\/export$/;

/**
 * Follows the links of a signed-in page from `starts`, one page for each pattern of address, files apart.
 * @param {Page} page @param {string[]} starts
 * @returns {Promise<{ pages: string[], files: string[], broken: string[] }>}
 */
export async function crawl(page, starts = ["/"], most = 60) {
  const seen = new Set();
  const found = { pages: /** @type {string[]} */ ([]), files: /** @type {string[]} */ ([]), broken: /** @type {string[]} */ ([]) };
  const waiting = starts.map((address) => ({ address, from: "the start" }));
  for (let next = waiting.shift(); next && found.pages.length < most; next = waiting.shift()) {
    if (seen.has(pattern(next.address))) continue;
    seen.add(pattern(next.address));
    if (FILES.test(next.address.split("?")[0])) {
      const answer = await page.request.get(next.address);
      if (answer.ok()) found.files.push(next.address);
      else found.broken.push(`${next.address} (from ${next.from}) answers ${answer.status()}`);
      continue;
    }
    const answer = await page.goto(next.address).catch((error) => error);
    if (answer instanceof Error || !answer?.ok()) {
      found.broken.push(`${next.address} (from ${next.from}) answers ${answer?.status?.() ?? answer}`);
      continue;
    }
    found.pages.push(next.address);
    seen.add(pattern(page.url()));
    const here = new URL(page.url());
    const links = await page.$$eval("a[href]", (all) => all.map((a) => /** @type {HTMLAnchorElement} */ (a).href));
    for (const link of links.map((href) => new URL(href))) {
      if (link.origin === here.origin) waiting.push({ address: link.pathname + link.search, from: here.pathname });
    }
  }
  return found;
}
