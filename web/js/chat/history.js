/**
 * The part of a room's messages that is on the screen: it grows at both ends, and follows the new.
 *
 * Knows pages and events.  It refuses to know where they come from, and how they look.
 */

import { batch, signal } from "@preact/signals-core";
import { changed, merged, messageOf } from "./messages.js";

/** @typedef {import("./messages.js").Message} Message */
/** @typedef {import("../protocol/messages.js").RoomEvent} RoomEvent */

/** Where a page lies: before or after a sequence, or around it; nowhere is at the newest. */
/** @typedef {{before?: number, after?: number, around?: number}} Place */

/** @typedef {{messages: Message[], more: boolean}} Page */

// More than this is a burden to a telephone; what leaves at one end comes back when it is wanted.
const MOST = 400;

export class History {
  /** @param {(place: Place) => Promise<Page>} read */
  constructor(read) {
    this.messages = signal(/** @type {readonly Message[]} */ ([]));
    this.hasOlder = signal(false);
    this.hasNewer = signal(false);
    this._read = read;
    /** What happened while a page was on its way: it may be older than that. */
    this._meanwhile = /** @type {RoomEvent[]} */ ([]);
    this._reading = 0;
  }

  /** Be at the newest, also after a time in which nothing was heard. */
  async toNewest() {
    const page = await this._page({});
    const first = page.messages[0]?.sequence ?? 0;
    const last = this.messages.value.at(-1)?.sequence ?? 0;
    const isJoined = last >= first && !this.hasNewer.value;
    batch(() => {
      if (!isJoined) this.hasOlder.value = page.more;
      this._take(isJoined ? merged(this.messages.value, page.messages) : page.messages);
      this.hasNewer.value = false;
    });
  }

  /** Be where this message is. @param {number} sequence */
  async around(sequence) {
    const page = await this._page({ around: sequence });
    batch(() => {
      this.hasOlder.value = this.hasNewer.value = true;
      this._take(page.messages);
    });
  }

  async older() {
    const first = this.messages.value[0];
    if (!this.hasOlder.value || first === undefined) return;
    const page = await this._page({ before: first.sequence });
    batch(() => {
      this.hasOlder.value = page.more;
      const all = merged(this.messages.value, page.messages);
      if (all.length > MOST) this.hasNewer.value = true;
      this._take(all.slice(0, MOST));
    });
  }

  async newer() {
    const last = this.messages.value.at(-1);
    if (!this.hasNewer.value || last === undefined) return;
    const page = await this._page({ after: last.sequence });
    batch(() => {
      this.hasNewer.value = page.more;
      const all = merged(this.messages.value, page.messages);
      if (all.length > MOST) this.hasOlder.value = true;
      this._take(all.slice(-MOST));
    });
  }

  /** @param {RoomEvent} event */
  hear(event) {
    if (this._reading > 0) this._meanwhile.push(event);
    this.messages.value = this._with(this.messages.value, event);
  }

  /** @param {readonly Message[]} messages */
  _take(messages) {
    this.messages.value = this._meanwhile.reduce((known, event) => this._with(known, event), messages);
    this._settle();
  }

  /** A page is there, or will not come. */
  _settle() {
    this._reading -= 1;
    if (this._reading === 0) this._meanwhile = [];
  }

  /** @param {readonly Message[]} known @param {RoomEvent} event @returns {readonly Message[]} */
  _with(known, event) {
    if (event.kind !== "message.posted") return changed(known, event);
    // Behind a gap, the page that closes it brings this one as well.
    if (this.hasNewer.value || known.some((one) => one.sequence === event.sequence)) return known;
    return merged(known, [messageOf(event)]);
  }

  /** @param {Place} place */
  async _page(place) {
    this._reading += 1;
    try {
      return await this._read(place);
    } catch (error) {
      this._settle();
      throw error;
    }
  }
}
