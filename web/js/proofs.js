/** How people prove that an account is theirs: set up for oneself, asked of others, and what came of it. */

import { api, callAddress } from "./addresses.js";
import { get, post } from "./api.js";

/** @typedef {{set_up_at: string | null, recovery_codes_left: number}} Authenticator */
/** @typedef {{secret: string, address: string}} Enrolment told once */

/**
 * How it stands with somebody's proof; `state` is `asked`, `proved`, `refused`, `failed`, `expired` or `over`.
 *
 * @typedef {object} ProofNews
 * @property {string} room
 * @property {string} identity
 * @property {string} account
 * @property {string} state
 * @property {string} way
 * @property {string | null} since
 * @property {string} at
 */

/** @typedef {ReadonlyMap<string, ProofNews>} Proofs by room and identity */

/** @type {Proofs} */
export const NO_PROOFS = new Map();

/** @param {string} room @param {string} identity */
const keyOf = (room, identity) => `${room}/${identity}`;

/** @param {Proofs} before @param {ProofNews} news @returns {Proofs} */
export function proofsAfter(before, news) {
  const found = new Map(before);
  const key = keyOf(news.room, news.identity);
  if (news.state === "over") found.delete(key);
  else found.set(key, news);
  return found;
}

/** @param {Proofs} proofs @param {string} room @param {string} identity @returns {ProofNews | null} */
export const proofOf = (proofs, room, identity) => proofs.get(keyOf(room, identity)) ?? null;

/** Ask somebody in a call to prove their account; what comes of it is told on the line. @param {string} call @param {string} user */
export const askForProof = (call, user) => post(callAddress(call, "proofs"), { user });

/** @returns {Promise<Authenticator>} */
export const authenticator = () => get(api.authenticator);

/** @param {string} password @returns {Promise<Enrolment>} */
export const beginAuthenticator = (password) => post(api.authenticator, { password });

/** @param {string} code @returns {Promise<string[]>} recovery codes, told once */
export async function confirmAuthenticator(code) {
  /** @type {{codes: string[]}} */
  const answer = await post(`${api.authenticator}/confirm`, { code });
  return answer.codes;
}

/** @param {string} password @returns {Promise<void>} */
export const removeAuthenticator = (password) => post(`${api.authenticator}/remove`, { password });
