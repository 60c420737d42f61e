/** What was said in one's rooms, how far everybody has read, and the order in them, as the server keeps it. */

import { api, blockAddress, chatAddress, messageAddress, roomAddress } from "./addresses.js";
import { get, patch, post, put, remove } from "./api.js";

/** @typedef {import("./chat/messages.js").Message} Message */
/** @typedef {import("./chat/history.js").Place} Place */
/** @typedef {import("./chat/history.js").Page} Page */

/**
 * @typedef {object} Talk a room with its last message
 * @property {string} room
 * @property {string} title
 * @property {import("./rooms.js").Room["kind"]} kind
 * @property {string} role one's own
 * @property {number} last_sequence
 * @property {number} read
 * @property {number} unread up to 1,000
 * @property {number} mentions
 * @property {string | null} partner of a room of two
 * @property {string | null} partner_name
 * @property {string | null} partner_avatar
 * @property {string | null} partner_status
 * @property {Message | null} last
 */

/**
 * @typedef {object} Position how far somebody has got
 * @property {string} user
 * @property {number} read
 * @property {string | null} read_at
 * @property {number} delivered
 * @property {string | null} delivered_at
 */

/**
 * @typedef {object} Member
 * @property {string} user
 * @property {string} name
 * @property {string} nickname
 * @property {string} role
 */

/** @typedef {{message: Message, snippet: string}} Hit what was found, and why */

/**
 * @typedef {object} Rules what a room's chat is under
 * @property {number} slow_mode_s
 * @property {boolean} read_only
 * @property {number | null} keep_days
 */

const PAGE = 50;

/** @param {string} [cursor] @returns {Promise<{conversations: Talk[], next: string | null}>} */
export const talks = (cursor = "") => get(`${api.conversations}?limit=${PAGE}&cursor=${encodeURIComponent(cursor)}`);

/** @param {string} room @param {Place} place @returns {Promise<Page>} */
export function messagesOf(room, place) {
  const entries = Object.entries({ ...place, limit: PAGE }).map(([name, value]) => [name, String(value)]);
  return get(`${chatAddress(room, "messages")}?${new URLSearchParams(entries)}`);
}

/** @param {string} message @returns {Promise<Message>} */
export const messageNamed = (message) => get(messageAddress(message));

/** @param {string} room @returns {Promise<Position[]>} of everybody */
export async function positionsOf(room) {
  /** @type {{positions: Position[]}} */
  const answer = await get(chatAddress(room, "positions"));
  return answer.positions;
}

/** @param {string} room @returns {Promise<Member[]>} in the order of their coming */
export async function membersOf(room) {
  /** @type {{members: Member[]}} */
  const answer = await get(`${roomAddress(room)}/members`);
  return answer.members;
}

/** @param {string} message @returns {Promise<{user: string, read_at: string}[]>} first reader first */
export async function readersOf(message) {
  /** @type {{readers: {user: string, read_at: string}[]}} */
  const answer = await get(messageAddress(message, "/readers"));
  return answer.readers;
}

/** @param {string} message @returns {Promise<{text: string, edited_at: string}[]>} what it said, oldest first */
export async function editsOf(message) {
  /** @type {{edits: {text: string, edited_at: string}[]}} */
  const answer = await get(messageAddress(message, "/edits"));
  return answer.edits;
}

/** Say something to one person, in the room that the two have for themselves. @param {string} user @param {string} text @returns {Promise<Message>} */
export async function sayTo(user, text) {
  /** @type {{message: Message}} */
  const answer = await post(api.messages, { user_id: user, text });
  return answer.message;
}

/** @param {string} room @param {string} sought @param {string} [cursor] @returns {Promise<{hits: Hit[], next: string | null}>} newest first */
export const findMessages = (room, sought, cursor = "") =>
  get(`${api.search}?${new URLSearchParams({ q: sought, room_id: room, cursor })}`);

/** @param {string} room @returns {Promise<Message[]>} newest pin first */
export async function pinsOf(room) {
  /** @type {{messages: Message[]}} */
  const answer = await get(chatAddress(room, "pins"));
  return answer.messages;
}

/** @param {string} message @param {string} room where it is said again */
export const forward = (message, room) => post(messageAddress(message, "/forward"), { room_id: room });

/** @param {string} message @param {string} reason @returns {Promise<void>} */
export const report = (message, reason) => post(messageAddress(message, "/report"), { reason });

/** @returns {Promise<string[]>} whose direct messages one does not take */
export async function blocked() {
  /** @type {{blocked: {user: string}[]}} */
  const answer = await get(api.blocks);
  return answer.blocked.map((one) => one.user);
}

/** @param {string} user @returns {Promise<void>} */
export const block = (user) => put(blockAddress(user), {});

/** @param {string} user */
export const unblock = (user) => remove(blockAddress(user));

/** @param {string} room @returns {Promise<Rules>} */
export const rulesOf = (room) => get(chatAddress(room, "rules"));

/** @param {string} room @param {Rules} rules @returns {Promise<Rules>} */
export const setRules = (room, rules) => patch(chatAddress(room, "rules"), rules);
