#!/usr/bin/env node
// A site of three pages that behaves as `psypre demo` does towards the harness, to prove the harness itself: one page
// is right, one is wrong in every way that the harness looks for.
import { createServer } from "node:http";

const listen = process.argv[process.argv.indexOf("--listen") + 1];
const [host, port] = listen.split(":");

const page = (title, body, head = "") => `<!doctype html><html lang="fr"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>${title}</title>${head}
<style>body{margin:1rem;font:1.1rem sans-serif} button,input,nav a{min-height:44px;display:inline-block;font:inherit}</style>
</head><body><header><nav aria-label="Principale"><a href="/">Accueil</a> <a href="/faux">Faux</a></nav></header>
<main><h1>${title}</h1>${body}</main></body></html>`;

const form = `<form method="post"><label>Adresse <input type="email" name="email" autocomplete="username"></label>
<label>Mot de passe <input type="password" name="password" autocomplete="current-password"></label>
<button>Se connecter</button></form>`;

const wrong = `<!doctype html><html><head><title></title></head><body><h1>a</h1><h1>b</h1>
<p style="width:2000px;color:#ccc">trop large, trop pâle</p><button style="height:20px">petit</button><img src="/x.png">
<script>console.error("raté")</script></body></html>`;

const server = createServer((request, response) => {
  const send = (status, body, headers = {}) =>
    response.writeHead(status, { "content-type": "text/html; charset=utf-8", ...headers }).end(body);
  const { pathname } = new URL(request.url, "http://site");
  const signedIn = /who=/.test(request.headers.cookie ?? "");
  if (pathname === "/readyz") return send(200, "ok");
  if (pathname === "/favicon.ico") return send(204, "");
  if (pathname === "/connexion" && request.method === "POST") {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    return request.on("end", () => {
      if (new URLSearchParams(body).get("password") !== "secret-1") return send(200, page("Connexion", form));
      send(303, "", { location: "/", "set-cookie": "who=1; HttpOnly; SameSite=Lax; Path=/" });
    });
  }
  if (pathname === "/connexion") return send(200, page("Connexion", form));
  if (!signedIn) return send(303, "", { location: "/connexion" });
  if (pathname === "/") {
    const links = '<p><a href="/seances/1">Une</a> <a href="/seances/2">Deux</a> <a href="/mois.csv">Le mois</a> <a href="/perdu">Perdu</a></p>';
    return send(200, page("Accueil", `${links}<p id="script">sans script</p><script>script.textContent = "avec script"</script>`));
  }
  if (pathname.startsWith("/seances/")) return send(200, page("Une séance", "<p>Tenue.</p>"));
  if (pathname === "/mois.csv") return send(200, "a;b\n", { "content-type": "text/csv" });
  if (pathname === "/faux") return send(200, wrong);
  if (pathname === "/panne") return send(500, page("Panne", "<p>Référence 1.</p>"));
  send(404, page("Introuvable", "<p>Rien ici.</p>"));
});
server.listen(Number(port), host, () => {
  console.log("  Psychologue        anne.exemple@demo.test     secret-1");
  console.log("  Coordinatrice (Dijon)  coordination@demo.test  secret-1");
  console.log("  Comptable : comptable@demo.test / secret-1");
});
process.on("SIGTERM", () => process.exit(0));
