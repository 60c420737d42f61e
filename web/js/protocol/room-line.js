/**
 * A stay in one room that outlives its socket: whatever was missed comes once, and in order.
 *
 * Knows `enter`, `snapshot` and the numbers of events.  It refuses to know what events mean.
 */

import { Emitter } from "./emitter.js";
import { Line } from "./line.js";

/** @typedef {import("./messages.js").Snapshot} Snapshot */
/** @typedef {import("./messages.js").RoomEvent} RoomEvent */
/** @typedef {import("./messages.js").Told} Told */

/**
 * Emits `snapshot` after each coming, `event` once for each, and `told` for all the rest.
 *
 * @extends {Emitter<{snapshot: Snapshot, event: RoomEvent, told: Told}>}
 */
export class RoomLine extends Emitter {
  /**
   * @param {string} room
   * @param {import("./line.js").Surroundings} around
   * @param {{consent?: string | null, reading?: boolean}} as what is said to being looked at, null leaves it as
   *   it was; and whether one is there for what is written only
   */
  constructor(room, around, { consent = null, reading = false } = {}) {
    super();
    this.room = room;
    this._consent = consent;
    this._reading = reading;
    this.sequence = /** @type {number | null} */ (null);
    this.line = new Line(around, () => this._enter());
    this.line.on("told", (told) => this._hear(told));
  }

  open() {
    this.line.open();
  }

  /** Say that one leaves, if anybody hears it, and hang up. */
  async leave() {
    await this.line.ask("leave").catch(() => {});
    this.line.close();
  }

  async _enter() {
    const after = this.sequence === null ? {} : { after: this.sequence };
    // Said once: what is said later, in the room, must not be undone by coming back to it.
    const as = { consent: this._consent, reading: this._reading };
    const keep = this.line.welcome?.resumed ?? [];
    const told = await this.line.ask("enter", { room: this.room, keep, ...as, ...after }).catch((error) => {
      // A server that came back from a backup has not come so far: begin with what it has.
      if (this.sequence === null || error.code !== "invalid") throw error;
      this.sequence = null;
      return this.line.ask("enter", { room: this.room, ...as });
    });
    this._consent = null;
    const snapshot = /** @type {Snapshot} */ (/** @type {unknown} */ (told));
    this.sequence ??= snapshot.after;
    this.emit("snapshot", snapshot);
  }

  /** @param {Told} told */
  _hear(told) {
    if (told.type !== "event") {
      this.emit("told", told);
      return;
    }
    const event = /** @type {RoomEvent & Told} */ (/** @type {unknown} */ (told));
    if (event.room !== this.room || event.sequence <= (this.sequence ?? -1)) return;
    this.sequence = event.sequence;
    this.emit("event", event);
  }
}
