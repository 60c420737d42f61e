/**
 * Messages on their way: kept until the server has them, sent in order, and once.
 *
 * A message has a name of its maker's, so a second try is answered as the first was.  Knows how to wait
 * and what is hopeless.  It refuses to know sockets, and what a message looks like.
 */

import { signal } from "@preact/signals-core";
import { waitBefore } from "../protocol/waiting.js";

/** @typedef {import("./messages.js").Kind} Kind */
/** @typedef {import("../protocol/line.js").Surroundings} Surroundings */

/** @typedef {{name: string, size: number, kind: "image" | "voice" | "video" | "file"}} FileFacts */

/**
 * @typedef {object} Entry
 * @property {string} clientId
 * @property {number} at milliseconds since 1970
 * @property {Kind} kind
 * @property {string} text
 * @property {string | null} replyTo
 * @property {readonly string[]} mentions
 * @property {FileFacts | null} file what has to be there before it can be sent
 * @property {string | null} upload the server's name for the file, once it has one
 * @property {"waiting" | "sent" | "refused"} state
 * @property {string | null} trouble the code of what was refused
 */

/** @typedef {Pick<Entry, "kind" | "text" | "replyTo" | "mentions"> & {file?: FileFacts | null}} Draft */

/** @typedef {Pick<import("./keeping.js").Keeping, "entries" | "keep" | "drop">} Kept */

// Refusals that pass by themselves; `cut` passes when the line is there again.
const PASSING = new Set(["busy", "draining", "internal", "rate_limited", "slow_mode", "store_unavailable", "unreachable"]);

export class Outbox {
  /**
   * @param {Kept} kept
   * @param {(entry: Entry) => Promise<void>} send rejects with something that has a `code`
   * @param {Pick<Surroundings, "later" | "random">} around
   * @param {() => string} newId
   */
  constructor(kept, send, around, newId) {
    this.entries = signal(/** @type {readonly Entry[]} */ (kept.entries()));
    this._kept = kept;
    this._send = send;
    this._around = around;
    this._newId = newId;
    /** Texts do not wait behind files. */
    this._busy = new Set(/** @type {boolean[]} */ ([]));
    this._tries = 0;
  }

  /** @param {Draft} draft @param {number} at @returns {Entry} */
  add(draft, at) {
    /** @type {Entry} */
    const entry = { file: null, ...draft, clientId: this._newId(), at, upload: null, state: "waiting", trouble: null };
    this._kept.keep(entry);
    this.entries.value = [...this.entries.value, entry];
    return entry;
  }

  /** Send what waits; also after a cut. */
  flush() {
    this._run(false);
    this._run(true);
  }

  /** Try again what was refused. @param {string} clientId */
  retry(clientId) {
    this.change(clientId, { state: "waiting", trouble: null });
    this.flush();
  }

  /** It is on the screen as a message, or is not wanted any more. @param {string} clientId */
  drop(clientId) {
    this._kept.drop(clientId);
    this.entries.value = this.entries.value.filter((one) => one.clientId !== clientId);
  }

  /** @param {string} clientId @param {Partial<Entry>} values */
  change(clientId, values) {
    this.entries.value = this.entries.value.map((one) => (one.clientId === clientId ? { ...one, ...values } : one));
    const entry = this.entries.value.find((one) => one.clientId === clientId);
    if (entry === undefined) return;
    // The server has what was sent; to keep it here as well would send it again.
    if (entry.state === "sent") this._kept.drop(clientId);
    else this._kept.keep(entry);
  }

  /** One after the other, those with a file or those without. @param {boolean} withFile */
  async _run(withFile) {
    if (this._busy.has(withFile)) return;
    this._busy.add(withFile);
    try {
      for (;;) {
        const next = this.entries.value.find((one) => one.state === "waiting" && (one.file !== null) === withFile);
        if (next === undefined || !(await this._try(next))) return;
      }
    } finally {
      this._busy.delete(withFile);
    }
  }

  /** @param {Entry} entry @returns {Promise<boolean>} whether the next one may be tried */
  async _try(entry) {
    try {
      await this._send(entry);
      this._tries = 0;
      this.change(entry.clientId, { state: "sent" });
      return true;
    } catch (error) {
      const { code = "internal", retryAfterSeconds = null } = /** @type {any} */ (error);
      if (code === "cut") return false;
      if (PASSING.has(code)) {
        this._later(retryAfterSeconds);
        return false;
      }
      this.change(entry.clientId, { state: "refused", trouble: code });
      return true;
    }
  }

  /** @param {number | null} seconds as the server wishes */
  _later(seconds) {
    const delayMs = seconds === null ? waitBefore(this._tries, this._around.random()) : seconds * 1000;
    this._tries += 1;
    this._around.later(() => this.flush(), delayMs);
  }
}
