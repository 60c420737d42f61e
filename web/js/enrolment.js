/** One's own face and voice, remembered from call to call by whoever agreed to it. */

import { api } from "./addresses.js";
import { get, put, remove } from "./api.js";

/**
 * What is remembered since when; `text` is in English, for a version that the pages lack.
 *
 * @typedef {object} Enrolment
 * @property {string | null} agreed_at
 * @property {{face?: string, voice?: string}} learned
 * @property {string} version
 * @property {string} text
 */

/** @returns {Promise<Enrolment>} */
export const enrolment = () => get(api.enrolment);

/** @param {string} version of the text that was read @param {string} password @returns {Promise<Enrolment>} */
export const agreeToEnrolment = (version, password) => put(api.enrolment, { version, password });

/** @returns {Promise<void>} */
export const forgetEnrolment = () => remove(api.enrolment);
