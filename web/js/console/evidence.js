/** What scores and alerts stand on, and where alerts begin; as the server keeps it. */

import { alertAddress, api, callAddress } from "../addresses.js";
import { get, post, put, remove } from "../api.js";

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

/**
 * @typedef {object} OcclusionMap of one detector
 * @property {string} detector name, version and hash
 * @property {number} score with nothing covered
 * @property {number} left of the square that it was shown, in pixels of the picture
 * @property {number} top
 * @property {number} side
 * @property {number[][]} falls by row and column: how much the score falls with that field covered
 */

/** @typedef {{width: number, height: number, maps: OcclusionMap[], why: "" | "no_detector" | "no_face"}} MappedPicture */

/** Which places moved the learned detectors; takes seconds. @param {string} id @returns {Promise<MappedPicture>} */
export const mapOf = (id) => get(`${captureAddress(id)}/map`);

/** @param {string} id @returns {Promise<ArrayBuffer>} */
export const soundOf = async (id) => (await fetch(captureAddress(id))).arrayBuffer();

/** @param {string} alert its archive, signed */
export const caseAddress = (alert) => `${alertAddress(alert)}/case`;

/** @param {string} call @param {string} user */
const overrideAddress = (call, user) => `${callAddress(call, "risk")}/${encodeURIComponent(user)}/override`;

/** Say otherwise of somebody. @param {string} call @param {string} user @param {string} state @param {string} note @returns {Promise<void>} */
export const judge = (call, user, state, note) => put(overrideAddress(call, user), { state, note });

/** Let the score count alone again. @param {string} call @param {string} user */
export const unjudge = (call, user) => remove(overrideAddress(call, user));

/**
 * @typedef {object} Thresholds
 * @property {number} raise_risk
 * @property {number} raise_confidence
 * @property {number} hold_risk
 * @property {number} hold_confidence
 * @property {number} medium_risk
 * @property {number} high_risk
 */

/** @typedef {{by_severity: Record<string, number>, judged: Record<string, number>}} Tried */
/** @typedef {{scores: number, complete: boolean, now: Tried, then: Tried}} Preview */

/** @returns {Promise<Thresholds>} */
export const thresholds = () => get(api.thresholds);

/** @param {Thresholds} wanted @returns {Promise<Thresholds>} */
export const decide = (wanted) => put(api.thresholds, wanted);

/** @param {Thresholds} wanted @param {Date} since @param {Date} until @returns {Promise<Preview>} */
export const tryOut = (wanted, since, until) =>
  post(`${api.thresholds}/preview`, { thresholds: wanted, since: since.toISOString(), until: until.toISOString() });
