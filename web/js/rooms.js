/** Rooms and the ways into them, as the server tells of them. */

import { api, invitationAddress, invitationsAddress, roomAddress } from "./addresses.js";
import { get, post, remove } from "./api.js";

/**
 * @typedef {object} Room
 * @property {string} id
 * @property {string} title
 * @property {"group" | "meeting" | "direct" | "match" | "heart-link"} kind
 * @property {number} capacity
 * @property {string} created_at
 * @property {"owner" | "moderator" | "member" | "guest"} role one's own
 * @property {boolean} locked
 * @property {boolean} waiting_room
 */

/**
 * @typedef {object} Invitation
 * @property {string} id
 * @property {string} code
 * @property {string} path
 * @property {number} uses_left
 * @property {boolean} has_pin
 * @property {string} created_at
 * @property {string} expires_at
 * @property {string | null} revoked_at
 */

/**
 * What whoever has the code may know.
 *
 * @typedef {object} InvitationFace
 * @property {string} room
 * @property {string} title
 * @property {boolean} needs_pin
 * @property {string} expires_at
 */

const PAGE = 200;
const OF_TWO = new Set(["direct", "match", "heart-link"]);

/** @returns {Promise<Room[]>} all of them, however many pages they fill */
export async function myRooms() {
  /** @type {Room[]} */
  const found = [];
  /** @type {string | null} */
  let cursor = "";
  while (cursor !== null) {
    /** @type {{rooms: Room[], next: string | null}} */
    const page = await get(`${api.rooms}?limit=${PAGE}&cursor=${encodeURIComponent(cursor)}`);
    found.push(...page.rooms);
    cursor = page.next;
  }
  return found;
}

/**
 * @param {string} title may be empty: then it is called by its address
 * @param {"meeting" | "group"} kind
 * @param {number} capacity
 * @returns {Promise<Room>}
 */
export const makeRoom = (title, kind, capacity) => post(api.rooms, { title, kind, capacity });

/**
 * A small room at an address of one's choice; rejects with `room_taken` if it is there.
 *
 * @param {string} id
 * @param {string} title
 * @returns {Promise<Room>}
 */
export const makeRoomAt = (id, title) => post(api.rooms, { id, title, kind: "meeting", capacity: 2 });

/** Whether two people have it for themselves. @param {Pick<Room, "kind">} room */
export const isOfTwo = ({ kind }) => OF_TWO.has(kind);

/** @param {Room} room */
export const mayInvite = (room) => room.role === "owner" || room.role === "moderator";

/**
 * @param {string} room
 * @returns {Promise<Invitation[]>} those that still lead in, newest first
 */
export async function openInvitations(room) {
  /** @type {{invitations: Invitation[]}} */
  const answer = await get(invitationsAddress(room));
  const now = Date.now();
  return answer.invitations.filter(
    (one) => one.revoked_at === null && one.uses_left > 0 && Date.parse(one.expires_at) > now,
  );
}

/**
 * @param {string} room
 * @param {{uses: number, hours: number, pin: string}} wish
 * @returns {Promise<Invitation>}
 */
export const invite = (room, wish) => post(invitationsAddress(room), wish);

/**
 * @param {string} room
 * @param {string} invitation
 */
export const closeInvitation = (room, invitation) =>
  remove(`${invitationsAddress(room)}/${encodeURIComponent(invitation)}`);

/**
 * @param {string} code
 * @returns {Promise<InvitationFace>}
 */
export const lookAtInvitation = (code) => get(invitationAddress(code));

/**
 * @param {string} code
 * @param {string} pin may be empty
 * @returns {Promise<Room>}
 */
export const acceptInvitation = (code, pin) => post(`${invitationAddress(code)}/accept`, { pin });

/**
 * The code in what somebody pasted: a whole link, or the code itself.
 *
 * @param {string} pasted
 * @returns {string | null} null if there is none
 */
export function codeIn(pasted) {
  const trimmed = pasted.trim();
  const linked = /\/i\/([A-Za-z0-9._~-]{1,128})(?:[/?#]|$)/.exec(trimmed);
  if (linked?.[1]) return linked[1];
  const bare = trimmed.replace(/\s+/g, "").toLowerCase();
  return /^[a-z0-9]{4,64}$/.test(bare) ? bare : null;
}

/**
 * @param {string} id
 * @returns {Promise<Room>} rejects with `not_found` for whoever does not belong to it
 */
export const roomOf = (id) => get(roomAddress(id));

/**
 * The room in what somebody pasted: a link to its call, or its address.
 *
 * @param {string} pasted
 * @returns {string | null} null if there is none
 */
export function roomIn(pasted) {
  const trimmed = pasted.trim();
  const linked = /\/call\/([A-Za-z0-9._~%-]{1,64})(?:[/?#]|$)/.exec(trimmed);
  if (linked?.[1]) return decodeURIComponent(linked[1]);
  return /^[A-Za-z0-9._~-]{1,64}$/.test(trimmed) ? trimmed : null;
}
