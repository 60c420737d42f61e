/** One's conversations, newest first, with what is unread; it follows what the server tells. */

import { signal } from "@preact/signals-core";

/** @typedef {import("../chats.js").Talk} Talk */

// Several news of one moment are one reason to look.
const LOOK_AFTER_MS = 400;

export class Inbox {
  /**
   * @param {(cursor?: string) => Promise<{conversations: Talk[], next: string | null}>} read
   * @param {Pick<import("../protocol/line.js").Surroundings, "later" | "forget">} clock
   */
  constructor(read, clock) {
    /** Null until they are there. */
    this.talks = signal(/** @type {readonly Talk[] | null} */ (null));
    this.hasMore = signal(false);
    this._next = /** @type {string | null} */ (null);
    this._read = read;
    this._clock = clock;
    this._timer = /** @type {any} */ (null);
  }

  /** Ask for the newest; those further down stay as they are. */
  async look() {
    const { conversations, next } = await this._read();
    const seen = new Set(conversations.map((one) => one.room));
    const others = (this.talks.value ?? []).filter((one) => !seen.has(one.room));
    if (others.length === 0) this._go(next);
    this.talks.value = [...conversations, ...others];
  }

  async more() {
    if (this._next === null) return;
    const { conversations, next } = await this._read(this._next);
    const seen = new Set(conversations.map((one) => one.room));
    this._go(next);
    this.talks.value = [...(this.talks.value ?? []).filter((one) => !seen.has(one.room)), ...conversations];
  }

  /** @param {import("../protocol/messages.js").Told} told */
  hear(told) {
    if (told.type === "unread_news") {
      const { room, read, unread, mentions } = told;
      this._change((one) => one.room === room, { read, unread, mentions });
      this.lookSoon();
    } else if (told.type === "presence_news") {
      this._change((one) => one.partner === told.identity, { partner_status: told.status });
    }
  }

  /** @param {(one: Talk) => boolean} isMeant @param {Partial<Talk>} values */
  _change(isMeant, values) {
    this.talks.value = (this.talks.value ?? []).map((one) => (isMeant(one) ? { ...one, ...values } : one));
  }

  lookSoon() {
    this._clock.forget(this._timer);
    // What could not be had now comes with the next news, or with the line.
    this._timer = this._clock.later(() => this.look().catch(() => {}), LOOK_AFTER_MS);
  }

  /** @param {string | null} next */
  _go(next) {
    this._next = next;
    this.hasMore.value = next !== null;
  }
}
