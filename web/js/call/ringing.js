/**
 * What rings for somebody, on whatever page they are, until it is answered anywhere.
 *
 * Knows the line of a person.  It refuses to know how it looks and sounds.
 */

import { signal } from "@preact/signals-core";

/** @typedef {import("../protocol/line.js").Line} Line */

/**
 * @typedef {object} Ring
 * @property {string} call
 * @property {string} room
 * @property {string} caller
 * @property {string} medium
 */

/** @type {ReadonlySet<string>} */
const ENDS_FOR_ONE = new Set(["call.accepted", "call.joined", "call.declined", "call.missed", "call.left"]);

/**
 * @param {readonly Ring[]} rings
 * @param {{kind: string, room: string, actor: string, body: Record<string, any>}} notice
 * @param {string} identity whose they are
 * @returns {readonly Ring[]}
 */
export function ringsAfter(rings, { kind, room, actor, body }, identity) {
  const others = rings.filter((one) => one.call !== body.call);
  if (kind === "call.ringing" && body.users?.includes(identity)) {
    return [...others, { call: body.call, room, caller: actor, medium: body.medium }];
  }
  if (kind === "call.ended" || (ENDS_FOR_ONE.has(kind) && body.user === identity)) return others;
  return rings;
}

export class Ringing {
  /** @param {string} identity @param {Line} line theirs */
  constructor(identity, line) {
    /** The calls that ring, the latest last. */
    this.rings = signal(/** @type {readonly Ring[]} */ ([]));
    line.on("state", (state) => state === "up" && this._begin(line));
    line.on("told", (told) => {
      if (told.type !== "notice") return;
      this.rings.value = ringsAfter(this.rings.value, /** @type {any} */ (told), identity);
    });
  }

  /** Nothing of it is shown here any more. @param {string} call */
  drop(call) {
    this.rings.value = this.rings.value.filter((one) => one.call !== call);
  }

  /** @param {Line} line */
  _begin(line) {
    const calls = line.welcome?.calls ?? [];
    this.rings.value = calls.filter((one) => one.state === "ringing");
  }
}
