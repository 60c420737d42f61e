/** What scores and alerts stand on, as the server keeps it. */

import { alertAddress, api } from "../addresses.js";
import { get } from "../api.js";

/**
 * @typedef {object} Evidence one statement of one signal
 * @property {string} signal
 * @property {string} version
 * @property {number} age_s
 * @property {string} outcome
 * @property {number} log_likelihood_ratio above zero for synthetic
 * @property {number} quality
 * @property {string} reason
 * @property {string} words
 * @property {Record<string, number>} measured
 * @property {string[]} models names, versions and hashes
 */

/** @typedef {{id: string, at: string, state: string, risk: number, confidence: number, same: boolean, lines: string[], evidence: Evidence[]}} ExplainedScore */
/** @typedef {{id: string, at: string, media_type: string}} Capture */

/** @param {string} id @returns {Promise<ExplainedScore>} made again from what was kept */
export const scoreOf = (id) => get(`${api.scores}/${encodeURIComponent(id)}`);

/** @param {string} alert @returns {Promise<Capture[]>} oldest first */
export async function capturesOf(alert) {
  /** @type {{captures: Capture[]}} */
  const answer = await get(`${alertAddress(alert)}/captures`);
  return answer.captures;
}

/** @param {string} id */
export const captureAddress = (id) => `${api.captures}/${encodeURIComponent(id)}`;

/** @param {string} alert its archive, signed */
export const caseAddress = (alert) => `${alertAddress(alert)}/case`;
