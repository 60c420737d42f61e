/**
 * Passkeys: made and asked to sign by the browser, told to the server in base64url.
 *
 * A browser has them on secure pages only, and for the site's own name.
 */

import { api, passkeyAddress } from "./addresses.js";
import { get, post, remove } from "./api.js";

/** @typedef {{id: string, name: string, made_at: string, used_at: string | null}} Passkey */
/** @typedef {{challenge: string, rp_id: string, user_id: string, name: string, algorithms: number[], exclude: string[]}} Wanted */
/** @typedef {{challenge: string, rp_id: string, credentials: string[]}} Request */

/** Why there is none, where the browser or its owner gave none: the code that texts have a sentence for. */
export class NoPasskey extends Error {
  code = "passkey_refused";
}

/** Whether this browser has passkeys on this page. */
export const hasPasskeys = () => "PublicKeyCredential" in globalThis && isSecureContext;

/** @returns {Promise<Passkey[]>} */
export async function passkeys() {
  /** @type {{passkeys: Passkey[]}} */
  const answer = await get(api.passkeys);
  return answer.passkeys;
}

/** @param {string} id */
export const removePasskey = (id) => remove(passkeyAddress(id));

/**
 * Have a passkey made, and tell the server of it.
 *
 * @param {string} name to know it by
 * @param {string} password
 * @returns {Promise<Passkey>}
 */
export async function makePasskey(name, password) {
  /** @type {Wanted} */
  const wanted = await post(`${api.passkeys}/begin`, { password });
  const made = await given(navigator.credentials.create({
    publicKey: {
      challenge: bytesOf(wanted.challenge),
      rp: { id: wanted.rp_id, name: "Candor" },
      user: { id: bytesOf(wanted.user_id), name: wanted.name, displayName: wanted.name },
      pubKeyCredParams: wanted.algorithms.map((alg) => ({ type: "public-key", alg })),
      excludeCredentials: wanted.exclude.map(credentialOf),
      authenticatorSelection: { userVerification: "required" },
      attestation: "none",
    },
  }));
  const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
  return post(api.passkeys, { name, attestation: textOf(response.attestationObject), client_data: textOf(response.clientDataJSON) });
}

/**
 * Have one of one's passkeys sign a challenge.
 *
 * @param {Request} request
 * @returns {Promise<{credential: string, client_data: string, authenticator_data: string, signature: string}>}
 */
export async function signedBy({ challenge, rp_id: rpId, credentials }) {
  const signed = await given(navigator.credentials.get({
    publicKey: { challenge: bytesOf(challenge), rpId, allowCredentials: credentials.map(credentialOf), userVerification: "required" },
  }));
  const response = /** @type {AuthenticatorAssertionResponse} */ (signed.response);
  return {
    credential: textOf(signed.rawId),
    client_data: textOf(response.clientDataJSON),
    authenticator_data: textOf(response.authenticatorData),
    signature: textOf(response.signature),
  };
}

/** @param {Promise<Credential | null>} asked @returns {Promise<PublicKeyCredential>} */
async function given(asked) {
  const credential = await asked.catch(() => null);
  if (credential === null) throw new NoPasskey("The browser gave no passkey.");
  return /** @type {PublicKeyCredential} */ (credential);
}

/** @param {string} id @returns {PublicKeyCredentialDescriptor} */
const credentialOf = (id) => ({ type: "public-key", id: bytesOf(id) });

/** @param {string} text base64url */
const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));

/** @param {ArrayBuffer} bytes */
const textOf = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
