/** Meeting somebody by a number or by a heart link, as the server keeps it. */

import { api } from "./addresses.js";
import { get, post, remove } from "./api.js";

/**
 * @typedef {object} Match how one stands
 * @property {"none" | "waiting" | "proposed" | "accepted" | "matched" | "cancelled" | "expired"} state
 * @property {number} seconds_left until it expires by itself
 * @property {string | null} number
 * @property {{id: string, name: string} | null} partner
 * @property {string | null} room where the two meet
 */

/** One of the two ways; `kind` is what the line calls it. */
/** @typedef {{kind: "number" | "heart-link", address: string}} Way */

/** @type {Way} */
export const BY_NUMBER = { kind: "number", address: api.numberMatch };

/** @type {Way} */
export const BY_HEART = { kind: "heart-link", address: api.heartLink };

/** @param {Way} way @returns {Promise<Match>} */
export const standingOf = ({ address }) => get(address);

/** @param {Way} way @param {{number?: string, user?: string}} wish @returns {Promise<Match>} */
export const ask = ({ address }, wish) => post(address, wish);

/** @param {Way} way @returns {Promise<void>} */
export const cancel = ({ address }) => remove(address);

/** @param {"accept" | "decline"} act @returns {Promise<Match>} */
export const answer = (act) => post(`${api.heartLink}/${act}`);
