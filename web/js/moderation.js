/** The door of a room, and what its moderators may do with people. */

import { api, memberAddress, roomAddress } from "./addresses.js";
import { get, post, put, remove } from "./api.js";

/**
 * @typedef {object} Knock somebody who wants to come in
 * @property {string} user
 * @property {string} name
 * @property {string} nickname
 * @property {string} since
 * @property {string | null} moved_because what they are told who were moved there, null for whoever asked
 */

/** @typedef {"waiting" | "denied" | "admitted"} State at the door */
/** @typedef {{state: State, moved_because: string | null}} Standing */

/** @param {string} room @returns {Promise<State>} */
export async function knock(room) {
  /** @type {Standing} */
  const answer = await post(`${roomAddress(room)}/knock`);
  return answer.state;
}

/** @param {string} room @returns {Promise<Standing>} */
export const standing = (room) => get(`${roomAddress(room)}/knock`);

/** @param {string} room */
export const stopWaiting = (room) => remove(`${roomAddress(room)}/knock`);

/** @param {string} room @returns {Promise<Knock[]>} longest first */
export async function whoWaits(room) {
  /** @type {{waiting: Knock[]}} */
  const answer = await get(`${roomAddress(room)}/waiting`);
  return answer.waiting;
}

/**
 * Out of the room, until they are let in again.
 *
 * @param {string} room
 * @param {string} user
 * @param {string} because they are told
 * @returns {Promise<void>}
 */
export const makeWait = (room, user, because = "") => put(`${roomAddress(room)}/waiting/${encodeURIComponent(user)}`, { because });

/** @typedef {{room: string, title: string, moved_by: string, knock: Knock}} Moved */

/** Who was moved to a waiting room, anywhere; for operators. @returns {Promise<Moved[]>} */
export async function movedAnywhere() {
  /** @type {{moved: Moved[]}} */
  const answer = await get(api.allMoved);
  return answer.moved;
}

/** @param {string} room @param {string} user */
export const admit = (room, user) => post(`${roomAddress(room)}/waiting/${encodeURIComponent(user)}/admit`);

/** @param {string} room @param {string} user */
export const deny = (room, user) => post(`${roomAddress(room)}/waiting/${encodeURIComponent(user)}/deny`);

/** @param {string} room */
export const admitAll = (room) => post(`${roomAddress(room)}/waiting/admit`);

/** @param {string} room @param {boolean} locked @returns {Promise<void>} */
export const setLocked = (room, locked) => put(`${roomAddress(room)}/lock`, { locked });

/** @param {string} room @param {boolean} on @returns {Promise<void>} */
export const setWaitingRoom = (room, on) => put(`${roomAddress(room)}/waiting-room`, { on });

/**
 * @param {string} room
 * @param {string} user
 * @param {readonly string[]} sources of theirs that nobody gets from now on
 * @returns {Promise<void>}
 */
export const silence = (room, user, sources) => put(`${memberAddress(room, user)}/silence`, { sources });

/** @param {string} room @param {string} user */
export const sendAway = (room, user) => remove(memberAddress(room, user));

/** @param {string} room @param {string} user @returns {Promise<void>} */
export const ban = (room, user) => put(`${roomAddress(room)}/bans/${encodeURIComponent(user)}`, {});

/** @param {string} room @param {string} user @returns {Promise<void>} */
export const handOver = (room, user) => put(`${roomAddress(room)}/owner`, { user });

/** @param {string} room @param {string} user @param {"moderator" | "member"} role @returns {Promise<void>} */
export const setRole = (room, user, role) => put(`${memberAddress(room, user)}/role`, { role });
