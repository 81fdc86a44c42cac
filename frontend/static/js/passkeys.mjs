// @ts-check
// Passkeys: what the server asks is handed to the browser, whose answer goes back in a field of the form.
//
// <form data-passkey-wanted="…"> has a field `passkey`: sending it first makes a passkey;
// <div data-passkey-asked="…" hidden> in a form has a field `passkey`, a button and a line role="status": the button asks
//   for a passkey instead of a code; with data-then-send the form is sent at once.
// Both hold the options of WebAuthn as JSON, with bytes in base64url.

/** @param {string} text */
function bytes(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

/** @param {ArrayBuffer} buffer */
function text(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {any[] | undefined} list */
const known = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

/** @param {any} options */
async function create(options) {
  const { challenge, user, excludeCredentials, ...rest } = options.publicKey;
  const publicKey = {
    ...rest,
    challenge: bytes(challenge),
    user: { ...user, id: bytes(user.id) },
    excludeCredentials: known(excludeCredentials),
  };
  const made = /** @type {PublicKeyCredential} */ (await navigator.credentials.create({ publicKey }));
  const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  return {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    response: { attestationObject: text(response.attestationObject), clientDataJSON: text(response.clientDataJSON) },
  };
}

/** @param {any} options */
async function get(options) {
  const { challenge, allowCredentials, ...rest } = options.publicKey;
  const publicKey = { ...rest, challenge: bytes(challenge), allowCredentials: known(allowCredentials) };
  const found = /** @type {PublicKeyCredential} */ (await navigator.credentials.get({ publicKey }));
  const response = /** @type {AuthenticatorAssertionResponse} */ (found.response);
  return {
    id: found.id,
    rawId: text(found.rawId),
    type: found.type,
    response: {
      authenticatorData: text(response.authenticatorData),
      clientDataJSON: text(response.clientDataJSON),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
  };
}

/** @param {unknown} error */
function sentence(error) {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "InvalidStateError") return "Cet appareil a déjà une clé d’accès pour votre compte.";
  if (name === "SecurityError") return "Votre navigateur refuse les clés d’accès à cette adresse.";
  if (name === "NotSupportedError") return "Cet appareil ne sait pas faire une clé d’accès qui convienne.";
  return "Aucune clé d’accès n’a répondu. Essayez à nouveau.";
}

/** @param {ParentNode} place */
const field = (place) => /** @type {HTMLInputElement} */ (place.querySelector('input[name="passkey"]'));
/** @param {ParentNode} place */
const line = (place) => /** @type {HTMLElement} */ (place.querySelector('[role="status"]'));

if (window.PublicKeyCredential) {
  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (document.querySelectorAll("form[data-passkey-wanted]"))) {
    form.addEventListener("submit", async (event) => {
      if (field(form).value) return;
      event.preventDefault();
      line(form).textContent = "Suivez ce que demande votre appareil.";
      try {
        field(form).value = JSON.stringify(await create(JSON.parse(form.dataset.passkeyWanted ?? "")));
        line(form).textContent = "";
        form.requestSubmit();
      } catch (error) {
        line(form).textContent = sentence(error);
      }
    });
  }

  for (const place of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-passkey-asked]"))) {
    place.hidden = false;
    place.querySelector("button")?.addEventListener("click", async () => {
      line(place).textContent = "Suivez ce que demande votre appareil.";
      try {
        field(place).value = JSON.stringify(await get(JSON.parse(place.dataset.passkeyAsked ?? "")));
        line(place).textContent = "Votre clé d’accès a répondu : aucun code n’est à taper.";
        if ("thenSend" in place.dataset) place.closest("form")?.requestSubmit();
      } catch (error) {
        line(place).textContent = sentence(error);
      }
    });
  }

  // an answer serves once: a page that the browser kept asks again
  window.addEventListener("pageshow", () => {
    for (const kept of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('input[name="passkey"]'))) {
      kept.value = "";
    }
  });
}
