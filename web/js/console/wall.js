/** The live wall: everybody who sends anywhere, how they have stood lately, and in which order.  Pure. */

import { after, byRisk } from "../risk.js";

/** @typedef {import("../risk.js").PersonRisk} PersonRisk */
/** @typedef {import("../risk.js").Standing} Standing */
/** @typedef {{atMs: number, risk: number | null}} Point `null` where nothing was known */

/** @typedef {Standing & {key: string, room: string, call: string, trend: readonly Point[]}} Seen */
/** @typedef {ReadonlyMap<string, Seen>} Wall by room and identity */

/** @type {Wall} */
export const EMPTY = new Map();

export const TREND_MS = 180_000;

/** @param {string} room @param {string} identity */
export const keyOf = (room, identity) => `${room}/${identity}`;

/**
 * @param {Wall} before
 * @param {{room: string, call: string, people: readonly PersonRisk[], gone?: readonly string[]}} news
 * @param {number} nowMs
 * @returns {Wall}
 */
export function wallAfter(before, { room, call, people, gone = [] }, nowMs) {
  const found = new Map(before);
  for (const [identity, standing] of after(new Map(), { people }, nowMs)) {
    const key = keyOf(room, identity);
    const trend = trendAfter(before.get(key)?.trend ?? [], standing, nowMs);
    found.set(key, { ...standing, key, room, call, trend });
  }
  for (const identity of gone) found.delete(keyOf(room, identity));
  return found;
}

/** @param {readonly Point[]} trend @param {PersonRisk} standing @param {number} nowMs @returns {Point[]} */
function trendAfter(trend, { state, risk }, nowMs) {
  const kept = trend.filter((point) => nowMs - point.atMs <= TREND_MS);
  return [...kept, { atMs: nowMs, risk: state === "unknown" ? null : risk }];
}

/**
 * @param {Wall} wall
 * @param {{state: string, words: string}} filter empty for everybody
 * @param {(seen: Seen) => string} wordsOf what somebody may be found by
 * @returns {Seen[]} the riskiest first
 */
export function seenOn(wall, { state, words }, wordsOf) {
  const sought = words.trim().toLocaleLowerCase();
  return [...wall.values()]
    .filter((one) => state === "" || one.state === state)
    .filter((one) => sought === "" || wordsOf(one).toLocaleLowerCase().includes(sought))
    .sort(byRisk);
}

/**
 * A trend as the path of a line, in a box of 100 by 1; it breaks off where nothing was known.
 *
 * @param {readonly Point[]} trend
 * @param {number} nowMs
 */
export function trendPath(trend, nowMs) {
  const parts = [];
  let isDown = false;
  for (const [index, { atMs, risk }] of trend.entries()) {
    if (risk === null) {
      isDown = false;
      continue;
    }
    const [from, to] = [atMs, trend[index + 1]?.atMs ?? nowMs].map((at) => (100 * (1 - Math.min(1, (nowMs - at) / TREND_MS))).toFixed(1));
    parts.push(`${isDown ? "L" : "M"}${from} ${(1 - risk).toFixed(3)}L${to} ${(1 - risk).toFixed(3)}`);
    isDown = true;
  }
  return parts.join("");
}
