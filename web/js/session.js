/**
 * Who is signed in here, and how to become that or cease to be.
 *
 * Sessions of pages are cookies that no script can read, so the server is asked who it is.
 */

import { signal } from "@preact/signals-core";
import { api } from "./addresses.js";
import { ApiError, get, post, put } from "./api.js";
import { forget } from "./chat/keeping.js";
import { emptyShelf } from "./chat/shelf.js";
import { recall, remember, store } from "./memory.js";

/**
 * @typedef {object} Profile
 * @property {string} id
 * @property {string} name
 * @property {"guest" | "caller" | "operator" | "administrator"} role
 * @property {string} nickname
 * @property {string} real_name
 * @property {string} bio
 * @property {string} membership
 * @property {ThemeMode} theme_mode
 * @property {string[]} tags
 * @property {string} status
 * @property {string | null} seen_at
 * @property {string | null} avatar
 * @property {boolean | null} findable null for others
 */

/** @typedef {"geek" | "life" | "fury" | "emo"} ThemeMode */

/**
 * @typedef {object} SignedIn
 * @property {string} user_id
 * @property {string} name
 * @property {string} role
 * @property {string} session_id
 * @property {string} expires_at
 * @property {string | null} [room]
 */

// Half of what the server allows for: it takes somebody for gone after 60 s.
const PRESENCE_EVERY_MS = 30_000;

/** Whoever is signed in; null is nobody. */
export const me = signal(/** @type {Profile | null} */ (null));

/**
 * True after the session was ended from elsewhere.  On a page that is open `me` stays, so that
 * nothing that was typed is lost.
 */
export const wasEnded = signal(false);

const OVER = new Set(["unauthenticated", "session_ended", "token_expired"]);

/**
 * Ask the server who is signed in.
 *
 * @returns {Promise<Profile | null>}
 */
export async function whoAmI() {
  /** @type {{me: Profile | null}} */
  const answer = await get(api.whoAmI);
  if (answer.me !== null) take(answer.me);
  else {
    wasEnded.value = recall("signed-in") !== null;
    leave();
  }
  return me.value;
}

/**
 * @param {string} name
 * @param {string} password
 * @returns {Promise<SignedIn>}
 */
export async function signIn(name, password) {
  return entered(await post(api.login, { name, password, session: "cookie" }));
}

/**
 * @param {string} name
 * @param {string} password
 * @param {string} nickname may be empty
 * @returns {Promise<SignedIn>}
 */
export async function register(name, password, nickname) {
  return entered(await post(api.register, { name, password, nickname, session: "cookie" }));
}

/**
 * @param {string} name
 * @param {string} invitation its code
 * @param {string} pin may be empty
 * @returns {Promise<SignedIn>}
 */
export async function enterAsGuest(name, invitation, pin) {
  return entered(await post(api.guest, { name, invitation, pin, session: "cookie" }));
}

/** End this session, also when it had ended already; what was written and not sent goes with it. */
export async function signOut() {
  const id = me.value?.id ?? null;
  try {
    await post(api.logout);
  } catch (error) {
    if (!isOver(error)) throw error;
  }
  leave();
  if (id !== null) {
    forget(store(), id);
    await emptyShelf(id);
  }
}

/** @param {Profile} profile as the server knows it now */
export function take(profile) {
  me.value = profile;
  remember("signed-in", "yes");
  remember("theme-mode", profile.role === "guest" ? null : profile.theme_mode);
}

/**
 * Tell the server every 30 s that somebody is here, as long as the page and the session live.
 *
 * @param {() => boolean} isVisible
 */
export function keepPresent(isVisible) {
  const tell = async () => {
    if (me.value === null || wasEnded.value || !isVisible()) return;
    try {
      await put(api.presence, {});
    } catch (error) {
      // Any other missed beat is made good by the next.
      if (isOver(error)) wasEnded.value = true;
    }
  };
  tell();
  setInterval(tell, PRESENCE_EVERY_MS);
}

/** @param {unknown} error */
const isOver = (error) => error instanceof ApiError && OVER.has(error.code);

/**
 * @param {SignedIn} answer
 * @returns {SignedIn}
 */
function entered(answer) {
  remember("signed-in", "yes");
  wasEnded.value = false;
  return answer;
}

function leave() {
  me.value = null;
  remember("signed-in", null);
  remember("theme-mode", null);
}

/**
 * The name to call somebody by.
 *
 * @param {Pick<Profile, "name" | "nickname">} profile
 */
export const calledName = (profile) => profile.nickname || profile.name;
