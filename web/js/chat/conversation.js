/**
 * One's part in the chat of a room: what is shown, what is on its way, who has read and who writes.
 *
 * Stands on a stay in the room that somebody else opens and closes, so that a call's chat and a page of
 * its own are the same.  It refuses to know how anything looks.
 */

import { batch, computed, signal } from "@preact/signals-core";
import { isOfTwo } from "../rooms.js";
import { History } from "./history.js";
import { Outbox } from "./outbox.js";

/** @typedef {import("../protocol/room-line.js").RoomLine} RoomLine */
/** @typedef {import("../protocol/messages.js").RoomEvent} RoomEvent */
/** @typedef {import("../protocol/messages.js").Told} Told */
/** @typedef {import("../chats.js").Position} Position */
/** @typedef {import("../chats.js").Member} Member */
/** @typedef {import("../chats.js").Rules} Rules */
/** @typedef {import("./faces.js").Faces} Faces */
/** @typedef {import("./keeping.js").Keeping} Keeping */
/** @typedef {import("./messages.js").Message} Message */
/** @typedef {import("./outbox.js").Entry} Entry */
/** @typedef {import("./uploads.js").Uploads} Uploads */
/** @typedef {import("../protocol/line.js").Surroundings} Clock */

/**
 * @typedef {object} Doors what a chat asks of the server beside the line
 * @property {(place: import("./history.js").Place) => Promise<import("./history.js").Page>} messages
 * @property {() => Promise<Position[]>} positions
 * @property {() => Promise<Member[]>} members
 * @property {() => Promise<Rules>} rules
 */

// Whoever writes on is told of again before the others forget it.
const TYPING_AGAIN_MS = 3000;
const TYPING_FORGOTTEN_MS = 6000;

export class Conversation {
  /**
   * @param {{room: Pick<import("../rooms.js").Room, "id" | "kind">, identity: string}} where
   * @param {RoomLine} stay
   * @param {Doors} doors
   * @param {{keeping: Keeping, faces: Faces, uploads: Uploads, newId: () => string, clock: Clock}} tools
   */
  constructor({ room, identity }, stay, doors, { keeping, faces, uploads, newId, clock }) {
    this.room = room.id;
    /** In a room of two, either may do what moderators may do elsewhere. */
    this.isOfTwo = isOfTwo(room);
    this.identity = identity;
    this.faces = faces;
    this.keeping = keeping;
    this.uploads = uploads;
    this.stay = stay;
    this.history = new History(doors.messages);
    this.outbox = new Outbox(keeping, (entry) => this._send(entry), clock, newId);
    this.positions = signal(/** @type {ReadonlyMap<string, Position>} */ (new Map()));
    /** Who writes just now. */
    this.writers = signal(/** @type {readonly string[]} */ ([]));
    this.isUp = signal(stay.line.state === "up");
    /** The line was cut; its first coming is no absence. */
    this.isAway = signal(false);
    /** Why the line is over for good, as a code of the table of errors; empty while it is not. */
    this.endedBy = signal(stay.line.endedBy);
    /** What others said and nobody has looked at yet; the last one, for whoever listens. */
    this.arrived = signal(/** @type {Message | null} */ (null));
    /** The sequences of what was there, and not read, when one came. */
    this.unread = signal({ after: 0, upTo: 0 });
    this.rules = signal(/** @type {Rules} */ ({ slow_mode_s: 0, read_only: false, keep_days: null }));
    this.others = computed(() => [...this.positions.value.values()].filter((one) => one.user !== identity));
    this._doors = doors;
    this._clock = clock;
    this._forgetting = new Map();
    this._toldTypingAt = -Infinity;
    this._stops = /** @type {(() => void)[]} */ ([]);
  }

  /** Listen from now on; rejects if the room cannot be read. */
  async begin() {
    const { line } = this.stay;
    this._stops = [
      line.on("state", (state) => this._lineIs(state)),
      this.stay.on("snapshot", () => this.history.toNewest().catch(() => {})),
      this.stay.on("event", (event) => this._happen(event)),
      this.stay.on("told", (told) => TOLD[told.type]?.(this, told)),
    ];
    const [, members, positions, rules] = await Promise.all([
      this.history.toNewest(),
      this._doors.members(),
      this._doors.positions(),
      this._doors.rules(),
    ]);
    batch(() => {
      this.rules.value = rules;
      this.faces.settle(members);
      this.positions.value = new Map(positions.map((one) => [one.user, one]));
      const after = this.positions.value.get(this.identity)?.read ?? 0;
      this.unread.value = { after, upTo: this.history.messages.value.at(-1)?.sequence ?? 0 };
    });
    this._lineIs(line.state);
  }

  /** Whoever opens the room again finds what is on its way in storage. */
  end() {
    this.uploads.stop();
    for (const stop of this._stops) stop();
  }

  /** @returns {boolean} */
  get moderates() {
    const own = this.faces.members.value.find((one) => one.user === this.identity);
    return own?.role === "owner" || own?.role === "moderator";
  }

  /** @returns {boolean} */
  get mayPin() {
    return this.isOfTwo || this.moderates;
  }

  /** @returns {boolean} whether the room lets one say anything at all */
  get maySpeak() {
    return this.moderates || !this.rules.value.read_only;
  }

  /** @param {import("./outbox.js").Draft} draft */
  say(draft) {
    const entry = this.outbox.add(draft, Date.now());
    this.isWriting(false);
    this.outbox.flush();
    return entry;
  }

  /**
   * Send a file, with words below it.
   *
   * @param {Blob} blob
   * @param {string} name
   * @param {import("./messages.js").Attachment["kind"]} kind as far as one knows; the server decides
   * @param {string} [words]
   */
  async show(blob, name, kind, words = "") {
    const entry = this.outbox.add({ kind, text: words, replyTo: null, mentions: [], file: { name, size: blob.size, kind } }, Date.now());
    await this.uploads.hold(entry.clientId, blob);
    this.outbox.flush();
  }

  /** Do not send it after all. @param {Entry} entry */
  discard(entry) {
    if (entry.file !== null) this.uploads.forget(entry, false);
    this.outbox.drop(entry.clientId);
  }

  /** Everything up to here has been seen by this person. @param {number} sequence */
  read(sequence) {
    const own = this.positions.value.get(this.identity);
    if (!this.isUp.value || (own !== undefined && own.read >= sequence)) return;
    this._know({ user: this.identity, read: sequence, read_at: null, delivered: sequence, delivered_at: null });
    this._ask("mark_message_read", { room: this.room, sequence });
  }

  /** @param {boolean} on */
  isWriting(on) {
    if (on && this._clock.now() - this._toldTypingAt < TYPING_AGAIN_MS) return;
    if (!on && this._toldTypingAt === -Infinity) return;
    this._toldTypingAt = on ? this._clock.now() : -Infinity;
    this._ask("typing", { on });
  }

  /** @param {Message} message @param {string} text @returns {Promise<unknown>} */
  edit(message, text) {
    return this.stay.line.ask("edit_message", { message: message.id, text });
  }

  /** @param {Message} message @returns {Promise<unknown>} */
  remove(message) {
    return this.stay.line.ask("delete_message", { message: message.id });
  }

  /** @param {Message} message @param {string} emoji @returns {Promise<unknown>} */
  react(message, emoji) {
    const on = !message.reactions.some((one) => one.emoji === emoji && one.users.includes(this.identity));
    return this.stay.line.ask("react_to_message", { message: message.id, emoji, on });
  }

  /** @param {Message} message @returns {Promise<unknown>} */
  pin(message) {
    return this.stay.line.ask("pin_message", { message: message.id, on: message.pinned_at === null });
  }

  /** @param {Entry} entry */
  async _send(entry) {
    const { clientId } = entry;
    const file = entry.file === null ? null : await this.uploads.carry(entry, (upload) => this.outbox.change(clientId, { upload }));
    await this.stay.line.ask("send_message", {
      client_id: clientId,
      room: this.room,
      kind: file?.kind ?? entry.kind,
      text: entry.text,
      file: file?.id ?? null,
      reply_to: entry.replyTo,
      mentions: entry.mentions,
    });
    if (file !== null) this.uploads.forget(entry, true);
  }

  /** Nobody waits for these; what is lost with a cut comes again. @param {string} type @param {Record<string, unknown>} fields */
  _ask(type, fields) {
    this.stay.line.ask(type, fields).catch(() => {});
  }

  /** @param {import("../protocol/line.js").State} state */
  _lineIs(state) {
    this.isUp.value = state === "up";
    if (state !== "connecting") this.isAway.value = state !== "up";
    if (state === "over") this.endedBy.value = this.stay.line.endedBy;
    if (state === "up") this.outbox.flush();
  }

  /** @param {RoomEvent} event */
  _happen(event) {
    this.history.hear(event);
    if (event.kind.startsWith("member.")) this._doors.members().then((found) => this.faces.settle(found), () => {});
    if (event.kind === "chat.rules") this.rules.value = { ...this.rules.value, ...event.body };
    if (event.kind === "message.posted") this._posted(event);
  }

  /** @param {RoomEvent} event */
  _posted({ sequence, actor, body }) {
    this._hush(actor);
    if (actor === this.identity) {
      this.outbox.drop(body.client_id ?? "");
      return;
    }
    this.arrived.value = this.history.messages.value.find((one) => one.sequence === sequence) ?? null;
    this._ask("mark_message_delivered", { room: this.room, sequence });
  }

  /** @param {Position} position */
  _know(position) {
    const known = this.positions.value.get(position.user);
    const read_at = position.read_at ?? known?.read_at ?? null;
    this.positions.value = new Map(this.positions.value).set(position.user, { ...known, ...position, read_at });
  }

  /** @param {string} identity */
  _hear(identity) {
    if (identity === this.identity) return;
    this._hush(identity);
    this.writers.value = [...this.writers.value, identity];
    this._forgetting.set(identity, this._clock.later(() => this._hush(identity), TYPING_FORGOTTEN_MS));
  }

  /** @param {string} identity */
  _hush(identity) {
    this._clock.forget(this._forgetting.get(identity));
    if (this.writers.value.includes(identity)) this.writers.value = this.writers.value.filter((one) => one !== identity);
  }
}

/** @type {Readonly<Record<string, (conversation: Conversation, told: Told) => void>>} */
const TOLD = {
  receipt: (conversation, told) => {
    if (told.room === conversation.room) conversation._know(/** @type {any} */ ({ ...told, user: told.identity }));
  },
  typing_news: (conversation, told) => {
    if (told.room !== conversation.room) return;
    if (told.on) conversation._hear(told.identity);
    else conversation._hush(told.identity);
  },
  presence_news: (conversation, told) => conversation.faces.nowIs(told.identity, told.status),
};
