/**
 * What somebody has written and the server does not have yet: drafts, and messages on their way.
 *
 * Each thing has an entry of its own, so that two tabs do not overwrite each other's.  A browser that
 * keeps nothing is no error: then it is lost with the page, as everywhere.
 */

/** @typedef {import("./outbox.js").Entry} Entry */
/** @typedef {{text: string, replyTo: string | null}} Draft */

/** @typedef {import("../memory.js").Store} Store */

/** @type {Draft} */
export const NO_DRAFT = { text: "", replyTo: null };

export class Keeping {
  /** @param {Store} store @param {string} identity @param {string} room */
  constructor(store, identity, room) {
    this._store = store;
    this._draft = `candor.draft.${identity}.${room}`;
    this._outbox = `candor.outbox.${identity}.${room}.`;
  }

  /** @returns {Draft} */
  draft() {
    return this._read(this._draft) ?? NO_DRAFT;
  }

  /** @param {Draft} draft */
  keepDraft(draft) {
    this._write(this._draft, draft.text === "" && draft.replyTo === null ? null : draft);
  }

  /** @returns {Entry[]} first one first */
  entries() {
    const found = keysOf(this._store).filter((key) => key.startsWith(this._outbox));
    return found
      .flatMap((key) => /** @type {Entry | null} */ (this._read(key)) ?? [])
      .sort((one, other) => one.at - other.at);
  }

  /** @param {Entry} entry */
  keep(entry) {
    this._write(this._outbox + entry.clientId, entry);
  }

  /** @param {string} clientId */
  drop(clientId) {
    this._write(this._outbox + clientId, null);
  }

  /** @param {string} key @returns {any} null for nothing that can be read */
  _read(key) {
    try {
      return JSON.parse(this._store.getItem(key) ?? "null");
    } catch {
      return null;
    }
  }

  /** @param {string} key @param {object | null} value null forgets */
  _write(key, value) {
    try {
      if (value === null) this._store.removeItem(key);
      else this._store.setItem(key, JSON.stringify(value));
    } catch {
      // Storage is off or full; the page works without.
    }
  }
}

/** Forget all that somebody wrote here, as they sign out. @param {Store} store @param {string} identity */
export function forget(store, identity) {
  const own = [`candor.draft.${identity}.`, `candor.outbox.${identity}.`];
  for (const key of keysOf(store)) if (own.some((prefix) => key.startsWith(prefix))) store.removeItem(key);
}

/** @param {Store} store @returns {string[]} */
const keysOf = (store) => Array.from({ length: store.length }, (_, index) => store.key(index) ?? "");
