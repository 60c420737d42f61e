/**
 * Files of messages on their way: sent in pieces, and gone on with where they were cut.
 *
 * Knows pieces and how far the server is.  It refuses to know browsers' storage, and when to try again.
 */

import { signal } from "@preact/signals-core";

/** @typedef {import("./outbox.js").Entry} Entry */
/** @typedef {import("../files.js").Standing} Standing */
/** @typedef {import("./messages.js").Attachment} Attachment */

/**
 * @typedef {object} Doors
 * @property {(name: string, size: number) => Promise<Standing>} announce
 * @property {(id: string) => Promise<Standing>} standing
 * @property {(id: string, offset: number, piece: Blob) => Promise<Standing>} send
 * @property {(id: string) => Promise<Attachment>} finish
 * @property {(id: string) => Promise<void>} withdraw
 */

/**
 * @typedef {object} Shelf where contents outlive the page
 * @property {(key: string, blob: Blob) => Promise<void>} put
 * @property {(key: string) => Promise<Blob | null>} get
 * @property {(key: string) => Promise<void>} drop
 */

// Small enough to show progress on a slow line, large enough to cost a fast one little.
export const PIECE_BYTES = 512 * 1024;

/** Somebody does not want it sent any more, or not from here, or there is nothing left to send. */
export class Withdrawn extends Error {
  /** @param {"cut" | "file_lost" | "withdrawn"} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

export class Uploads {
  /** @param {Doors} doors @param {Shelf} shelf */
  constructor(doors, shelf) {
    /** From 0 to 1, by the message's own name. */
    this.progress = signal(/** @type {ReadonlyMap<string, number>} */ (new Map()));
    this._doors = doors;
    this._shelf = shelf;
    this._withdrawn = new Set(/** @type {string[]} */ ([]));
    this._isStopped = false;
  }

  /** Send nothing more from here: another goes on, who finds everything where it is. */
  stop() {
    this._isStopped = true;
  }

  /** Keep what is to be sent. @param {string} clientId @param {Blob} blob */
  hold(clientId, blob) {
    return this._shelf.put(clientId, blob);
  }

  /**
   * Have the server take the file, all of it or what is missing.
   *
   * @param {Entry} entry
   * @param {(id: string) => void} onAnnounced the name by which it is found again
   * @returns {Promise<Attachment>} rejects with a code of the table of errors, `file_lost` or `withdrawn`
   */
  async carry(entry, onAnnounced) {
    const blob = await this._shelf.get(entry.clientId);
    let standing = await this._begun(entry, blob, onAnnounced);
    if (standing.attachment !== null) return standing.attachment;
    while (standing.received < standing.size) {
      this._refuseWithdrawn(entry);
      if (blob === null) throw new Withdrawn("file_lost");
      this._know(entry.clientId, standing.received / standing.size);
      standing = await this._piece(standing, blob);
    }
    this._know(entry.clientId, 1);
    const attachment = await this._doors.finish(standing.id);
    this._refuseWithdrawn(entry);
    return attachment;
  }

  /** Its message is with the server, or is not wanted. @param {Entry} entry @param {boolean} isSent */
  forget(entry, isSent) {
    this._withdrawn.add(entry.clientId);
    this._shelf.drop(entry.clientId).catch(() => {});
    // What cannot be withdrawn now is swept by the server when nobody goes on with it.
    if (!isSent && entry.upload !== null) this._doors.withdraw(entry.upload).catch(() => {});
  }

  /**
   * @param {Entry} entry
   * @param {Blob | null} blob
   * @param {(id: string) => void} onAnnounced
   * @returns {Promise<Standing>}
   */
  async _begun({ upload, file }, blob, onAnnounced) {
    const known = upload === null ? null : await this._doors.standing(upload).catch(unlessGone);
    if (known !== null) return known;
    if (blob === null) throw new Withdrawn("file_lost");
    const begun = await this._doors.announce(file?.name ?? "", blob.size);
    onAnnounced(begun.id);
    return begun;
  }

  /** @param {Entry} entry */
  _refuseWithdrawn({ clientId }) {
    if (this._isStopped) throw new Withdrawn("cut");
    if (this._withdrawn.has(clientId)) throw new Withdrawn("withdrawn");
  }

  /** @param {Standing} standing @param {Blob} blob @returns {Promise<Standing>} */
  _piece({ id, received }, blob) {
    return this._doors.send(id, received, blob.slice(received, received + PIECE_BYTES)).catch((error) => {
      // The server has more than we knew, of a try whose answer was lost.
      if (error.code === "upload_conflict") return this._doors.standing(id);
      throw error;
    });
  }

  /** @param {string} clientId @param {number} part */
  _know(clientId, part) {
    this.progress.value = new Map(this.progress.value).set(clientId, part);
  }
}

/** @param {any} error @returns {null} */
function unlessGone(error) {
  if (error.code === "not_found") return null;
  throw error;
}
