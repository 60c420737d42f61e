/** Calls, as the server keeps them: started, answered, left, ended. */

import { api, callAddress } from "./addresses.js";
import { get, post } from "./api.js";

/**
 * @typedef {object} Call
 * @property {string} id
 * @property {string} room
 * @property {"audio" | "video"} medium
 * @property {string} state
 * @property {string} caller
 * @property {string} started_at
 * @property {string | null} answered_at
 * @property {string | null} end_reason
 * @property {number} duration_s
 * @property {{user: string, state: string}[]} members
 */

/**
 * Call a room, or come into the call that is going on there.
 *
 * @param {string} room
 * @param {"audio" | "video"} medium
 * @returns {Promise<Call>}
 */
export const startCall = (room, medium) => post(api.callsStart, { room, medium });

/** @param {string} id @returns {Promise<Call>} */
export const leaveCall = (id) => post(callAddress(id, "leave"));

/** @param {string} id @returns {Promise<Call>} */
export const declineCall = (id) => post(callAddress(id, "decline"));

/** @param {string} id @returns {Promise<Call>} */
export const acceptCall = (id) => post(callAddress(id, "accept"));

/** @param {string} call @returns {Promise<Call>} for everybody */
export const endCall = (call) => post(api.callsEnd, { call });

/**
 * Ask somebody to show that a camera sees them; what comes of it is told on the line.
 *
 * @param {string} call
 * @param {string} user
 * @param {"light" | "motion" | "code"} kind
 */
export const challenge = (call, user, kind) => post(callAddress(call, "challenges"), { user, kind });

/** @returns {Promise<Call[]>} those under way in one's rooms */
export async function callsUnderWay() {
  /** @type {{calls: Call[]}} */
  const answer = await get(api.callsActive);
  return answer.calls;
}

/**
 * @param {readonly Call[]} calls
 * @param {string} user
 * @returns {Call | null} the one that rings for them
 */
export const ringingFor = (calls, user) =>
  calls.find((call) => call.members.some((one) => one.user === user && one.state === "ringing")) ?? null;
