/**
 * A challenge that is put to oneself: offered, taken or refused, shown by the clock, and over.
 *
 * Knows the messages and the clock.  It refuses to know screens; what there is to show at a moment is
 * a value.
 */

import { signal } from "@preact/signals-core";

/** @typedef {import("../protocol/room-line.js").RoomLine} RoomLine */
/** @typedef {[number, number, number]} Colour */

/**
 * @typedef {object} Offered
 * @property {string} id
 * @property {"light" | "motion" | "code"} kind
 * @property {string} why
 * @property {number} lastsS
 */

/**
 * @typedef {{kind: "light", colours: Colour[], colour_s: number, rest: Colour}
 *   | {kind: "motion", movements: {act: string, begins_s: number, ends_s: number}[]}
 *   | {kind: "code", digits: string}} Show
 */

/**
 * @typedef {(
 *   {at: "offered"} | {at: "taking"} | {at: "begun", show: Show, beginsMs: number}
 *   | {at: "ended", outcome: string, reason: string}
 * ) & {offered: Offered}} Challenge
 */

const SILENT_AFTER_MS = 25_000;

export class Challenged {
  /** @param {RoomLine} stay @param {import("../protocol/line.js").Surroundings} around */
  constructor(stay, around) {
    this.now = signal(/** @type {Challenge | null} */ (null));
    this._stay = stay;
    this._around = around;
    this._timer = /** @type {any} */ (null);
    stay.on("told", (told) => HEARD[told.type]?.(this, /** @type {any} */ (told)));
  }

  /** Agree to what was explained; what to show comes with the answer. */
  async take() {
    const offered = this.now.value?.offered;
    if (offered === undefined) return;
    this.now.value = { at: "taking", offered };
    try {
      const told = await this._stay.line.ask("take_challenge", { challenge: offered.id });
      const beginsMs = this._around.now() + told.begins_in_s * 1000;
      this._stay.line.ask("ready_challenge", { challenge: offered.id }).catch(() => {});
      this.now.value = { at: "begun", offered, show: told.show, beginsMs };
      this._timer = this._around.later(() => this._silent(offered), SILENT_AFTER_MS);
    } catch {
      this.now.value = null;
    }
  }

  /** Do not take it, or stop it in the middle. */
  refuse() {
    const id = this.now.value?.offered.id;
    this.now.value = null;
    if (id !== undefined) this._stay.line.ask("refuse_challenge", { challenge: id }).catch(() => {});
  }

  /** Its result was read. */
  close() {
    this.now.value = null;
  }

  /** @param {{challenge: string, kind: Offered["kind"], why: string, lasts_s: number}} told */
  _offer({ challenge, kind, why, lasts_s: lastsS }) {
    this.now.value = { at: "offered", offered: { id: challenge, kind, why, lastsS } };
  }

  /** @param {{challenge: string, outcome: string, reason: string}} told */
  _end({ challenge, outcome, reason }) {
    const known = this.now.value;
    if (known?.offered.id !== challenge) return;
    this._around.forget(this._timer);
    this.now.value = known.at === "offered" ? null : { at: "ended", offered: known.offered, outcome, reason };
  }

  /** @param {Offered} offered */
  _silent(offered) {
    this._end({ challenge: offered.id, outcome: "inconclusive", reason: "no_answer_seen" });
  }
}

/** @type {Readonly<Record<string, (challenged: Challenged, told: any) => void>>} */
const HEARD = {
  challenge_offered: (challenged, told) => challenged._offer(told),
  challenge_ended: (challenged, told) => challenged._end(told),
};

/**
 * The colour that is shown so many seconds after the beginning; before and after, the rest.
 *
 * @param {{colours: Colour[], colour_s: number, rest: Colour}} show
 * @param {number} elapsedS
 * @returns {Colour}
 */
export function colourAt({ colours, colour_s: colourS, rest }, elapsedS) {
  return elapsedS < 0 ? rest : (colours[Math.floor(elapsedS / colourS)] ?? rest);
}

/**
 * What to do so many seconds after the beginning: nothing is told ahead of its time.
 *
 * @param {{movements: {act: string, begins_s: number, ends_s: number}[]}} show
 * @param {number} elapsedS
 * @returns {string} `ahead` between movements
 */
export function actAt({ movements }, elapsedS) {
  return movements.find((one) => elapsedS >= one.begins_s && elapsedS < one.ends_s)?.act ?? "ahead";
}
