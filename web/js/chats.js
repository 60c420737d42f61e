/** What was said in one's rooms, how far everybody has read, and the order in them, as the server keeps it. */

import { api, chatAddress, messageAddress, roomAddress } from "./addresses.js";
import { get, post } from "./api.js";

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
