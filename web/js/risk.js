/** How people stand, as the server tells it: kept, aged and put in order.  Pure. */

/** @typedef {{signal: string, reason: string, words: string, share: number, age_s: number}} RiskReason */

/**
 * @typedef {object} PersonRisk
 * @property {string} identity
 * @property {"verified" | "no_sign" | "suspicious" | "likely_synthetic" | "unknown"} state
 * @property {string} why code of why somebody is `unknown`
 * @property {number} risk 0 to 1
 * @property {number} confidence 0 to 1
 * @property {number | null} age_s of the newest evidence, when it was told
 * @property {string} at
 * @property {RiskReason[]} reasons
 * @property {{signal: string, age_s: number, strength: number} | null} verified
 * @property {boolean} alert
 * @property {boolean} offer_challenge
 * @property {{state: string, by: string, at: string} | null} [override] an operator judged otherwise
 * @property {string} score what is kept of it; may be empty
 */

/** @typedef {{people: readonly PersonRisk[], gone?: readonly string[]}} RiskNews */
/** @typedef {PersonRisk & {heardMs: number}} Standing */
/** @typedef {ReadonlyMap<string, Standing>} Standings by identity */

/** @type {Standings} */
export const NO_STANDINGS = new Map();

/** Worst first; whoever is unknown wants a look before those who are not. */
const ORDER = ["likely_synthetic", "suspicious", "unknown", "no_sign", "verified"];

/**
 * @param {Standings} before
 * @param {RiskNews} news
 * @param {number} nowMs of any clock that goes steadily
 * @returns {Standings}
 */
export function after(before, { people, gone = [] }, nowMs) {
  const found = new Map(before);
  for (const one of people) found.set(one.identity, { ...one, heardMs: nowMs });
  for (const identity of gone) found.delete(identity);
  return found;
}

/** Seconds since the newest evidence. @param {Standing} standing @param {number} nowMs @returns {number | null} */
export const ageOf = ({ age_s: ageS, heardMs }, nowMs) => (ageS === null ? null : Math.max(0, ageS + (nowMs - heardMs) / 1000));

/** @param {PersonRisk} one @param {PersonRisk} other */
export const byRisk = (one, other) =>
  ORDER.indexOf(one.state) - ORDER.indexOf(other.state) || other.risk - one.risk || one.identity.localeCompare(other.identity);
