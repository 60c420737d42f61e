/**
 * What was said in a room, as values: from the server's pages and from its events.  Pure.
 *
 * Messages stand by their sequence.  An event changes what is known; of a message that is not
 * known it changes nothing, because the page that brings it brings the change as well.
 */

/** @typedef {import("../protocol/messages.js").RoomEvent} RoomEvent */

/** @typedef {"text" | "emoji" | "sticker" | "image" | "voice" | "video" | "file"} Kind */

/**
 * @typedef {object} Attachment
 * @property {string} id
 * @property {"image" | "voice" | "video" | "file"} kind
 * @property {string} name
 * @property {string} media_type
 * @property {number} size in bytes
 * @property {string} url
 * @property {number} [width]
 * @property {number} [height]
 * @property {number} [duration_ms]
 * @property {number[]} [waveform] loudness over time, 0 to 100
 * @property {string} [thumbnail]
 * @property {string} [poster]
 */

/** @typedef {{emoji: string, users: readonly string[]}} Reaction */

/**
 * @typedef {object} Message
 * @property {string} id
 * @property {string} room
 * @property {number} sequence
 * @property {string} sender
 * @property {string} client_id
 * @property {Kind} kind
 * @property {string} text
 * @property {string} posted_at
 * @property {Attachment | null} file
 * @property {string | null} reply_to
 * @property {readonly string[]} mentions
 * @property {string | null} forwarded_from
 * @property {string | null} edited_at
 * @property {string | null} deleted_at
 * @property {string | null} pinned_at
 * @property {readonly Reaction[]} reactions
 */

/**
 * @param {RoomEvent} event `message.posted`
 * @returns {Message}
 */
export function messageOf({ room, sequence, actor, at, body }) {
  return {
    id: body.message,
    room,
    sequence,
    sender: actor,
    client_id: body.client_id ?? "",
    kind: body.kind ?? "text",
    text: body.text ?? "",
    posted_at: at,
    file: body.file ?? null,
    reply_to: body.reply_to ?? null,
    mentions: body.mentions ?? [],
    forwarded_from: body.forwarded_from ?? null,
    edited_at: null,
    deleted_at: null,
    pinned_at: null,
    reactions: [],
  };
}

/**
 * Both, each message once and in order; where both have one, the second is right.
 *
 * @param {readonly Message[]} known
 * @param {readonly Message[]} more
 * @returns {readonly Message[]}
 */
export function merged(known, more) {
  const bySequence = new Map([...known, ...more].map((one) => [one.sequence, one]));
  return [...bySequence.values()].sort((one, other) => one.sequence - other.sequence);
}

/**
 * What is known after an event that changes a message.
 *
 * @param {readonly Message[]} known
 * @param {RoomEvent} event
 * @returns {readonly Message[]} the same if it changes nothing
 */
export function changed(known, event) {
  const change = CHANGES[event.kind];
  if (change === undefined || !known.some((one) => one.id === event.body.message)) return known;
  return known.map((one) => (one.id === event.body.message ? change(one, event) : one));
}

/** @type {Readonly<Record<string, (message: Message, event: RoomEvent) => Message>>} */
const CHANGES = {
  "message.edited": (message, { at, body }) => ({ ...message, text: body.text, edited_at: at }),
  "message.deleted": (message, { at }) => ({ ...message, text: "", file: null, reactions: [], deleted_at: at }),
  "message.pinned": (message, { at, body }) => ({ ...message, pinned_at: body.on ? at : null }),
  "message.reacted": (message, { actor, body }) => ({
    ...message,
    reactions: reacted(message.reactions, actor, body.emoji, body.on),
  }),
};

/**
 * @param {readonly Reaction[]} reactions
 * @param {string} user
 * @param {string} emoji
 * @param {boolean} on
 * @returns {readonly Reaction[]}
 */
function reacted(reactions, user, emoji, on) {
  const users = reactions.find((one) => one.emoji === emoji)?.users ?? [];
  const others = users.filter((one) => one !== user);
  const now = { emoji, users: on ? [...others, user] : others };
  if (users.length === 0) return on ? [...reactions, now] : reactions;
  return reactions.map((one) => (one.emoji === emoji ? now : one)).filter((one) => one.users.length > 0);
}
