/** What there is to be seen in a call: one tile for each person and for each screen.  Pure. */

import { presentIn } from "./roster.js";

/** @typedef {import("./roster.js").Person} Person */
/** @typedef {import("../media/watching.js").Incoming} Incoming */

/**
 * @typedef {object} TileFacts
 * @property {string} key
 * @property {string} identity
 * @property {Person} person
 * @property {boolean} isSelf
 * @property {boolean} isScreen
 * @property {string | null} mid of the picture that arrives
 * @property {MediaStreamTrack | null} track
 * @property {boolean} isOn whether they say that they send it
 */

/**
 * Oneself first, then the others in the order of their coming, each with their screen behind them.
 *
 * @param {import("./roster.js").Roster} roster
 * @param {readonly Incoming[]} incoming
 * @param {{identity: string, camera: MediaStreamTrack | null, screen: MediaStreamTrack | null}} own
 * @returns {TileFacts[]}
 */
export function tilesOf(roster, incoming, own) {
  const people = presentIn(roster);
  const me = people.filter((one) => one.identity === own.identity);
  const others = people.filter((one) => one.identity !== own.identity);
  return [...me.flatMap((one) => ownTiles(one, own)), ...others.flatMap((one) => tilesOfOther(one, incoming))];
}

/**
 * @param {Person} person
 * @param {{camera: MediaStreamTrack | null, screen: MediaStreamTrack | null}} own
 * @returns {TileFacts[]}
 */
function ownTiles(person, { camera, screen }) {
  const shared = { identity: person.identity, person, isSelf: true, mid: null };
  const face = { ...shared, key: person.identity, isScreen: false, track: camera, isOn: camera !== null };
  if (screen === null) return [face];
  return [face, { ...shared, key: `${person.identity}:screen`, isScreen: true, track: screen, isOn: true }];
}

/**
 * @param {Person} person
 * @param {readonly Incoming[]} incoming
 * @returns {TileFacts[]}
 */
function tilesOfOther(person, incoming) {
  const { identity } = person;
  // Of two devices of one person, the one that came last is shown.
  const newest = (/** @type {string} */ source) =>
    incoming.filter((one) => one.identity === identity && one.source === source).at(-1) ?? null;
  const shared = { identity, person, isSelf: false };
  const [face, screen] = [newest("camera"), newest("screen")];
  const found = [
    { ...shared, key: identity, isScreen: false, mid: face?.mid ?? null, track: face?.track ?? null, isOn: person.camera },
  ];
  if (person.screen) {
    const { mid = null, track = null } = screen ?? {};
    found.push({ ...shared, key: `${identity}:screen`, isScreen: true, mid, track, isOn: true });
  }
  return found;
}
