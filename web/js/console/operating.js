/** What else operators look at: everybody, calls, rooms, reports, the audit log, and how the machine does. */

import { api, userAddress } from "../addresses.js";
import { get, post, put, queryOf, remove } from "../api.js";

/**
 * @typedef {object} User
 * @property {string} id
 * @property {string} name
 * @property {string} nickname
 * @property {string} role
 * @property {string} membership
 * @property {string} created_at
 * @property {string | null} banned_at
 * @property {string | null} ban_reason
 */

/** @typedef {{sequence: number, at: string, actor: string, action: string, subject: string, address: string, detail: string, hash: string}} AuditEntry */
/** @typedef {import("../calls.js").Call} Call */
/**
 * @typedef {object} Report a complaint, with what the message said then
 * @property {string} id
 * @property {string} room
 * @property {string} sender
 * @property {string} text
 * @property {string} reported_by
 * @property {string} reason
 * @property {string} reported_at
 * @property {string | null} closed_at
 * @property {string | null} closed_by
 * @property {"upheld" | "dismissed" | null} outcome
 */
/**
 * @typedef {object} ListedRoom
 * @property {string} id
 * @property {string} title
 * @property {string} kind
 * @property {number} capacity
 * @property {string} created_at
 * @property {boolean} locked
 * @property {string | null} call that is under way
 * @property {string | null} called_at
 * @property {number} people_now in the call
 */
/** @typedef {{name: string, ok: boolean, detail: string, needed: boolean}} Check */

/** @param {string} cursor @returns {Promise<{users: User[], next: string | null}>} */
export const usersFrom = (cursor) => get(`${api.users}?${queryOf({ cursor, limit: "200" })}`);

/** @param {string} user @param {string} reason @returns {Promise<void>} */
export const banUser = (user, reason) => post(`${userAddress(user)}/ban`, { reason });

/** @param {string} user */
export const unbanUser = (user) => remove(`${userAddress(user)}/ban`);

/** @param {string} user @param {string} role @returns {Promise<void>} for administrators */
export const setUserRole = (user, role) => put(`${userAddress(user)}/role`, { role });

/** @param {number | null} before @returns {Promise<{entries: AuditEntry[], next: number | null}>} for administrators */
export const auditBefore = (before) => get(`${api.audit}?${queryOf({ before: before === null ? "" : String(before), limit: "100" })}`);

/** @param {{cursor: string, state: string, words: string, since: string, until: string}} wanted @returns {Promise<{calls: Call[], next: string | null}>} anybody's */
export const callsBy = (wanted) => get(`${api.allCalls}?${queryOf(wanted)}`);

/** @param {{cursor: string, words: string, kind: string}} wanted @returns {Promise<{rooms: ListedRoom[], next: string | null}>} */
export const roomsBy = (wanted) => get(`${api.allRooms}?${queryOf(wanted)}`);

/** @param {readonly string[]} rooms @returns {Promise<Record<string, string>>} what they are called */
export async function titlesOf(rooms) {
  /** @type {{titles: Record<string, string>}} */
  const answer = await get(`${api.roomTitles}?${queryOf({ rooms: rooms.join(",") })}`);
  return answer.titles;
}

/** @param {boolean} closed @param {string} cursor @returns {Promise<{reports: Report[], next: string | null}>} of all rooms */
export const reportsBy = (closed, cursor) => get(`${api.reports}?${queryOf({ closed: String(closed), cursor })}`);

/** @param {string} id @param {{outcome: string, delete?: boolean}} decided `delete`: the message, too @returns {Promise<Report>} */
export const closeReport = (id, decided) => put(`${api.reports}/${encodeURIComponent(id)}`, decided);

/** @returns {Promise<{ready: boolean, checks: Check[]}>} also while it is not ready */
export const health = async () => (await fetch(api.readiness, { cache: "no-store" })).json();

/**
 * @typedef {object} DetectionLoad counts and CPU since its process began
 * @property {number} participants
 * @property {number} waiting_frames
 * @property {number} looked
 * @property {number} oldest_look_s
 * @property {number} busy_share
 * @property {Record<string, number>} dropped
 * @property {Record<string, number>} checks
 * @property {Record<string, number>} spent_s
 */

/** @typedef {{name: string, state: string, restarts: number, needed: boolean}} Process */

/** @returns {Promise<{processes: Process[], media: string[], detection: DetectionLoad | null}>} */
export const load = () => get(api.load);

/** @returns {Promise<string>} in the format of Prometheus */
export const metrics = async () => (await fetch(api.metrics)).text();

/**
 * Numbers of Prometheus' text format, by name; of a name with labels, each by its labels.
 *
 * @param {string} text
 * @returns {{name: string, labels: string, value: number}[]}
 */
export const numbersIn = (text) =>
  [...text.matchAll(/^([a-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/gim)].map(([, name = "", labels = "", value]) => ({ name, labels, value: Number(value) }));
