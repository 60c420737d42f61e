/** How messages stand below each other: days, groups of one sender, and where the unread begin.  Pure. */

/** @typedef {import("./messages.js").Message} Message */

/**
 * @typedef {{kind: "day", key: string, at: string} | {kind: "unread", key: string}
 *   | {kind: "message", key: string, message: Message, isFirst: boolean}} Row `isFirst` of its sender's
 */

// Whoever goes on within this time needs no name again.
const GROUP_MS = 5 * 60_000;

/**
 * @param {readonly Message[]} messages
 * @param {{after: number, upTo: number}} unread the sequences that were there, and not read, when one came
 * @param {string} identity one's own, whose messages are never unread
 * @returns {Row[]}
 */
export function rowsOf(messages, { after, upTo }, identity) {
  /** @type {Row[]} */
  const rows = [];
  const firstUnread = messages.find(
    ({ sequence, sender }) => sequence > after && sequence <= upTo && sender !== identity,
  );
  messages.forEach((message, index) => {
    const before = messages[index - 1];
    const isNewDay = before === undefined || dayOf(before) !== dayOf(message);
    if (isNewDay) rows.push({ kind: "day", key: `day-${dayOf(message)}`, at: message.posted_at });
    if (message === firstUnread) rows.push({ kind: "unread", key: "unread" });
    const isFirst = isNewDay || message === firstUnread || !goesOn(before, message);
    rows.push({ kind: "message", key: keyOf(message), message, isFirst });
  });
  return rows;
}

/**
 * The same for a message that waits to be sent and for what the server made of it.
 *
 * @param {Pick<Message, "sender" | "client_id">} message
 */
export const keyOf = ({ sender, client_id }) => `${sender}/${client_id}`;

/** @param {Message} message */
const dayOf = ({ posted_at }) => new Date(posted_at).toDateString();

/** @param {Message} before @param {Message} message */
const goesOn = (before, message) =>
  before.sender === message.sender && Date.parse(message.posted_at) - Date.parse(before.posted_at) < GROUP_MS;
