/**
 * What this browser remembers between visits: a few short words, never a secret.
 *
 * A browser that refuses to remember is no error: then everything is as on a first visit.
 */

const PREFIX = "candor.";

/**
 * @typedef {"language" | "theme-mode" | "signed-in" | "camera" | "microphone" | "speaker"
 *   | "camera-off" | "muted" | "keys-off" | "self-hidden"} Word
 */

/**
 * @param {Word} name
 * @returns {string | null} null if nothing is remembered
 */
export function recall(name) {
  try {
    return localStorage.getItem(PREFIX + name);
  } catch {
    return null;
  }
}

/**
 * @param {Word} name
 * @param {string | null} value null forgets
 */
export function remember(name, value) {
  try {
    if (value === null) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, value);
  } catch {
    // Storage is off or full; the page works without.
  }
}

/** A browser's storage, as far as it is used. */
/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">} Store */

/** @type {Store} */
const FORGETFUL = { getItem: () => null, setItem: () => {}, removeItem: () => {}, key: () => null, length: 0 };

/** @returns {Store} what keeps longer things; nothing is kept where the browser refuses */
export function store() {
  try {
    return localStorage;
  } catch {
    return FORGETFUL;
  }
}
