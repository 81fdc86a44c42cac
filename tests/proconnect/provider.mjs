// A ProConnect for tests, which misbehaves on demand: it listens on a free port of this machine, prints it, and ends
// when its standard input closes. It is as strict as the real one: a parameter that it does not list is error Y000400,
// a code lives thirty seconds and serves once, `userinfo` answers a signed token.
//
// Its argument and what is posted to /_control are settings (JSON), merged over those below; GET /_control tells what
// was asked of it. The tests in Rust and in the browser use the same.
import { createHash, createHmac, createPublicKey, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { createServer } from "node:http";

const settings = {
  client_id: "psypre",
  client_secret: "un secret que personne ne devine",
  algorithm: "RS256",
  // how others name this machine: `localhost` is another site than 127.0.0.1
  host: "127.0.0.1",
  // where browsers may be sent back to: `${site}/connexion/proconnect/retour`, and the way out
  site: "",
  pkce: false,
  // seconds since 1970; without it the clock of the machine, later by `ahead` seconds
  now: undefined,
  ahead: 0,
  // whether its page is passed over
  auto: true,
  subject: "sub-de-camille",
  email: "camille@agents.example",
  acr: "eidas2",
  // how it misbehaves: see below
  wrong: {},
};
const asked = { discovery: 0, jwks: 0, token: 0, userinfo: 0, authorize: undefined };
const codes = new Map();
const tokens = new Map();
let keys = freshKeys();

function freshKeys() {
  const id = randomBytes(8).toString("hex");
  return {
    kid: id,
    RS256: generateKeyPairSync("rsa", { modulusLength: 2048 }),
    ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  };
}

const now = () => settings.now ?? Math.floor(Date.now() / 1000) + settings.ahead;
const encoded = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const issuer = () => `http://${settings.host}:${server.address().port}/api/v2`;
/** `null` takes a claim or a parameter away. */
const changed = (what, by = {}) =>
  Object.fromEntries(Object.entries({ ...what, ...by }).filter(([, value]) => value !== null && value !== undefined));

function signature(text, algorithm, pair) {
  if (algorithm === "HS256") return createHmac("sha256", settings.client_secret).update(text).digest("base64url");
  const key = algorithm === "ES256" ? { key: pair.privateKey, dsaEncoding: "ieee-p1363" } : pair.privateKey;
  return sign("sha256", Buffer.from(text), key).toString("base64url");
}

/** A signed token, or one that only looks so. */
function token(claims, how) {
  const { algorithm } = settings;
  const header = (by) => encoded(changed({ alg: algorithm, typ: "JWT", kid: keys.kid }, by));
  const body = encoded(claims);
  const signed = (head, by = algorithm, pair = keys[algorithm]) => `${head}.${body}.${signature(`${head}.${body}`, by, pair)}`;
  switch (how) {
    case "none":
      return `${header({ alg: "none" })}.${body}.`;
    case "none_with_signature":
      return signed(header({ alg: "none" }));
    case "hmac_of_public_key": {
      // the known confusion: the public key, which everybody has, taken for a shared secret
      const head = header({ alg: "HS256" });
      const pem = createPublicKey(keys.RS256.privateKey).export({ type: "spki", format: "pem" });
      return `${head}.${body}.${createHmac("sha256", pem).update(`${head}.${body}`).digest("base64url")}`;
    }
    case "hmac_of_secret":
      return signed(header({ alg: "HS256" }), "HS256");
    case "rsa":
      return signed(header({ alg: "RS256" }), "RS256", keys.RS256);
    case "other_key":
      return signed(header({}), algorithm, freshKeys()[algorithm]);
    case "unknown_kid":
      return signed(header({ kid: "unknown" }));
    case "no_kid":
      return signed(header({ kid: null }));
    case "key_of_its_own": {
      // the key that signed, in the header: it must not be believed
      const own = freshKeys().RS256;
      return signed(header({ kid: "own", jwk: own.publicKey.export({ format: "jwk" }) }), "RS256", own);
    }
    case "critical":
      return signed(header({ crit: ["exp"], exp: 1 }));
    case "altered": {
      const whole = signed(header({}));
      const [head, , tail] = whole.split(".");
      return `${head}.${encoded({ ...claims, sub: "sub-de-quelqu-un-d-autre" })}.${tail}`;
    }
    case "cut":
      return signed(header({})).split(".").slice(0, 2).join(".");
    default:
      return signed(header({}));
  }
}

function answer(response, status, body, headers = {}) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(text);
}
const redirect = (response, to) => answer(response, 302, "", { location: to });
const badRequest = (response, code) => answer(response, 400, { error: code });

function discovery(response) {
  asked.discovery += 1;
  const at = (path) => `${issuer()}/${path}`;
  const said = {
    issuer: issuer(),
    authorization_endpoint: at("authorize"),
    token_endpoint: at("token"),
    userinfo_endpoint: at("userinfo"),
    end_session_endpoint: at("session/end"),
    jwks_uri: at("jwks"),
  };
  answer(response, 200, changed(said, settings.wrong.discovery), { "cache-control": "public, max-age=3600" });
}

function jwks(response) {
  asked.jwks += 1;
  const one = (algorithm) => ({
    ...keys[algorithm].publicKey.export({ format: "jwk" }), kid: keys.kid, use: "sig", alg: algorithm,
  });
  answer(response, 200, { keys: [one("RS256"), one("ES256")] }, { "cache-control": "public, max-age=3600" });
}

const LISTED = ["response_type", "client_id", "redirect_uri", "scope", "claims", "state", "nonce", "prompt", "idp_hint", "login_hint"];

function authorize(response, query) {
  asked.authorize = Object.fromEntries(query);
  const listed = settings.pkce ? [...LISTED, "code_challenge", "code_challenge_method"] : LISTED;
  const wanted = JSON.parse(query.get("claims") ?? "{}").id_token?.acr;
  const right =
    [...query.keys()].every((name) => listed.includes(name)) &&
    query.get("response_type") === "code" &&
    query.get("client_id") === settings.client_id &&
    query.get("redirect_uri") === `${settings.site}/connexion/proconnect/retour` &&
    query.get("scope").split(" ").includes("openid") &&
    (query.get("state") ?? "").length >= 32 &&
    (query.get("nonce") ?? "").length >= 32 &&
    wanted?.essential === true &&
    (!settings.pkce || (query.get("code_challenge_method") === "S256" && query.get("code_challenge")));
  if (!right) return badRequest(response, "Y000400");
  const code = randomBytes(24).toString("base64url");
  codes.set(code, { nonce: query.get("nonce"), challenge: query.get("code_challenge"), at: now() });
  const back = new URL(query.get("redirect_uri"));
  const parameters = changed({ code, state: query.get("state"), iss: issuer() }, settings.wrong.back);
  for (const [name, value] of Object.entries(parameters)) back.searchParams.set(name, value);
  if (settings.auto) return redirect(response, back.href);
  const page = `<!doctype html><html lang="fr"><title>ProConnect d’essai</title><h1>ProConnect d’essai</h1>
    <p><a href="${back.href.replaceAll("&", "&amp;")}">Continuer comme ${settings.email}</a></p></html>`;
  answer(response, 200, page, { "content-type": "text/html; charset=utf-8" });
}

function give(response, form) {
  asked.token += 1;
  const { wrong } = settings;
  if (wrong.token_status) return answer(response, wrong.token_status, {}, { location: `${issuer()}/token` });
  if (wrong.long) return answer(response, 200, " ".repeat(200_000));
  const code = codes.get(form.get("code"));
  codes.delete(form.get("code"));
  const proof = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
  const right =
    code &&
    now() - code.at <= 30 &&
    form.get("grant_type") === "authorization_code" &&
    form.get("client_id") === settings.client_id &&
    form.get("client_secret") === settings.client_secret &&
    form.get("redirect_uri") === `${settings.site}/connexion/proconnect/retour` &&
    (settings.pkce ? proof === code.challenge : !form.has("code_verifier"));
  if (!right) return badRequest(response, "invalid_grant");
  const access = randomBytes(24).toString("base64url");
  tokens.set(access, now());
  const half = createHash("sha256").update(access).digest().subarray(0, 16).toString("base64url");
  const claims = changed(
    {
      iss: issuer(), aud: settings.client_id, sub: settings.subject, nonce: code.nonce, acr: settings.acr,
      at_hash: half, auth_time: now(), iat: now(), exp: now() + 60,
    },
    wrong.id_claims,
  );
  const id_token = token(claims, wrong.id_signed);
  answer(response, 200, { access_token: access, token_type: "Bearer", expires_in: 60, id_token });
}

function userinfo(request, response) {
  asked.userinfo += 1;
  const { wrong } = settings;
  const given = tokens.get((request.headers.authorization ?? "").replace(/^Bearer /, ""));
  if (given === undefined || now() - given > 60) return answer(response, 401, { error: "invalid_token" });
  const claims = changed(
    {
      iss: issuer(), aud: settings.client_id, sub: settings.subject, email: settings.email,
      given_name: "Camille", usual_name: "Exemple", siret: "90000001900017", iat: now(), exp: now() + 60,
    },
    wrong.user_claims,
  );
  if (wrong.user_elsewhere) return redirect(response, `${issuer()}/userinfo?again`);
  if (wrong.user_plain) return answer(response, 200, claims);
  answer(response, 200, token(claims, wrong.user_signed), { "content-type": "application/jwt" });
}

function end(response, query) {
  const back = `${settings.site}/deconnexion/proconnect/retour`;
  const listed = ["id_token_hint", "state", "post_logout_redirect_uri"];
  const right =
    [...query.keys()].every((name) => listed.includes(name)) &&
    (query.get("id_token_hint") ?? "").split(".").length === 3 &&
    (query.get("state") ?? "").length >= 32 &&
    query.get("post_logout_redirect_uri") === back;
  if (!right) return badRequest(response, "Y030111");
  redirect(response, `${back}?state=${encodeURIComponent(query.get("state"))}`);
}

async function bodyOf(request) {
  let body = "";
  for await (const chunk of request) body += chunk;
  return body;
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://127.0.0.1");
  switch (`${request.method} ${url.pathname}`) {
    case "POST /_control": {
      const { rotate, ...rest } = JSON.parse(await bodyOf(request));
      Object.assign(settings, rest);
      if (rotate) keys = freshKeys();
      return answer(response, 200, {});
    }
    case "GET /_control":
      return answer(response, 200, asked);
    case "GET /api/v2/.well-known/openid-configuration":
      return discovery(response);
    case "GET /api/v2/jwks":
      return jwks(response);
    case "GET /api/v2/authorize":
      return authorize(response, url.searchParams);
    case "POST /api/v2/token":
      return give(response, new URLSearchParams(await bodyOf(request)));
    case "GET /api/v2/userinfo":
      return userinfo(request, response);
    case "GET /api/v2/session/end":
      return end(response, url.searchParams);
    default:
      return answer(response, 404, { error: "Y000404" });
  }
});
Object.assign(settings, JSON.parse(process.argv[2] ?? "{}"));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit(0)).resume();
