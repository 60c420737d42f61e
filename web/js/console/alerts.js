/** Alerts, as the server keeps them, and what operators do with them. */

import { alertAddress, api, callAddress } from "../addresses.js";
import { get, post, put, queryOf } from "../api.js";

/**
 * @typedef {object} Alert
 * @property {string} id
 * @property {string} room
 * @property {string} call may be empty
 * @property {string} identity
 * @property {Severity} severity
 * @property {AlertState} state
 * @property {"true" | "false" | "inconclusive" | null} outcome
 * @property {string | null} owner
 * @property {number} times that it was raised
 * @property {number} risk
 * @property {number} confidence
 * @property {string} score
 * @property {string} raised_at
 * @property {string} last_at
 * @property {string | null} closed_at
 */

/** @typedef {"high" | "medium" | "low"} Severity */
/** @typedef {"new" | "acknowledged" | "escalated" | "closed"} AlertState */
/** @typedef {{at: string, actor: string, act: string, note: string}} AlertAct */
/** @typedef {{actor: string, times: number, first_at: string, last_at: string}} AlertLook */
/** @typedef {{alerts: Alert[], unreviewed: Partial<Record<Severity, number>>, next: string | null}} AlertPage */
/** @typedef {{id: string, user: string, at: string, state: string, why: string, risk: number, confidence: number}} PastScore */

export const SEVERITIES = /** @type {const} */ (["high", "medium", "low"]);

/** What may be done with an alert in each state; the server has the same table. @type {Readonly<Record<AlertState, readonly string[]>>} */
export const ACTS = {
  new: ["acknowledge", "escalate", "close"],
  acknowledged: ["escalate", "close"],
  escalated: ["acknowledge", "close"],
  closed: ["reopen"],
};

/**
 * @param {{state?: string, severity?: string, user?: string, cursor?: string}} wanted
 * @returns {Promise<AlertPage>}
 */
export const alertsBy = (wanted) => get(`${api.alerts}?${queryOf(wanted)}`);

/** @param {string} id @returns {Promise<{alert: Alert, acts: AlertAct[], looks: AlertLook[]}>} */
export const alertOf = (id) => get(alertAddress(id));

/** @param {string} id @param {string} act @param {string} note @param {string | null} outcome @returns {Promise<Alert>} */
export const actOn = (id, act, note, outcome) =>
  post(`${alertAddress(id)}/acts`, { act, note, ...(outcome === null ? {} : { outcome }) });

/** @param {string} id @param {string | null} user @returns {Promise<Alert>} */
export const giveTo = (id, user) => put(`${alertAddress(id)}/owner`, { user });

/** @param {string} id @param {string} note @returns {Promise<Alert>} */
export const noteOn = (id, note) => post(`${alertAddress(id)}/notes`, { note });

/** What was said about somebody in a call, oldest first. @param {string} call @param {string} user @returns {Promise<PastScore[]>} */
export async function pastScores(call, user) {
  /** @type {{scores: PastScore[]}} */
  const page = await get(`${callAddress(call, "risk")}/history?${queryOf({ user, limit: "200" })}`);
  return page.scores.reverse();
}
