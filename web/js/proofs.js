/** How one proves that an account is one's own: an authenticator app, and codes that do without it. */

import { api } from "./addresses.js";
import { get, post } from "./api.js";

/** @typedef {{set_up_at: string | null, recovery_codes_left: number}} Authenticator */
/** @typedef {{secret: string, address: string}} Enrolment told once */

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
