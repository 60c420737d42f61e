/**
 * Being asked in a call to prove one's account: asked, answered or refused, and how it ended.
 *
 * Knows the messages.  It refuses to know screens, and what others prove (`proofs`).
 */

import { signal } from "@preact/signals-core";

/** @typedef {import("../protocol/room-line.js").RoomLine} RoomLine */
/** @typedef {{id: string, why: string, by: string, ways: string[]}} Question */
/** @typedef {{question: Question, outcome: string | null}} Asked `outcome` is null until it is over */

export class Proving {
  /** @param {RoomLine} stay */
  constructor(stay) {
    this.now = signal(/** @type {Asked | null} */ (null));
    this._stay = stay;
    stay.on("told", (told) => HEARD[told.type]?.(this, /** @type {any} */ (told)));
  }

  /** By a code of one's app, or a recovery code; rejects with an error whose code says why not. @param {string} code */
  async answer(code) {
    const proof = this.now.value?.question.id ?? "";
    await this._stay.line.ask("answer_proof", { proof, code });
  }

  /** By a passkey. @param {(request: import("../passkeys.js").Request) => Promise<object>} sign */
  async answerBy(sign) {
    const proof = this.now.value?.question.id ?? "";
    const request = await this._stay.line.ask("ask_passkey", { proof });
    await this._stay.line.ask("answer_passkey", { proof, ...(await sign(/** @type {any} */ (request))) });
  }

  /** Prove nothing. */
  refuse() {
    const proof = this.now.value?.question.id;
    this.now.value = null;
    if (proof !== undefined) this._stay.line.ask("refuse_proof", { proof }).catch(() => {});
  }

  /** Its end was read. */
  close() {
    this.now.value = null;
  }

  /** @param {{proof: string, why: string, by: string, ways: string[]}} told */
  _ask({ proof, why, by, ways }) {
    this.now.value = { question: { id: proof, why, by, ways }, outcome: null };
  }

  /** @param {{proof: string, outcome: string}} told */
  _end({ proof, outcome }) {
    const asked = this.now.value;
    if (asked?.question.id === proof) this.now.value = { ...asked, outcome };
  }
}

/** @type {Readonly<Record<string, (proving: Proving, told: any) => void>>} */
const HEARD = {
  proof_asked: (proving, told) => proving._ask(told),
  proof_ended: (proving, told) => proving._end(told),
};
