/** People and their profiles; one's own picture, password and devices. */

import { api, personAddress, sessionAddress } from "./addresses.js";
import { get, patch, post, put, remove } from "./api.js";

/** @typedef {import("./session.js").Profile} Profile */

/**
 * @typedef {object} Device
 * @property {string} id
 * @property {"cookie" | "bearer"} kind
 * @property {string} address
 * @property {string} agent
 * @property {string} created_at
 * @property {string} used_at
 * @property {string} expires_at
 * @property {boolean} this
 */

/**
 * @param {Partial<Pick<Profile, "nickname" | "real_name" | "bio" | "theme_mode" | "findable">>} values
 * @returns {Promise<Profile>}
 */
export const changeProfile = (values) => patch(api.me, values);

/** @param {string} id @returns {Promise<Profile>} of somebody with whom one shares a room */
export const readPerson = (id) => get(personAddress(id));

/** @typedef {Pick<Profile, "id" | "name" | "nickname" | "status" | "avatar">} Found */

/** @param {string} words how a name begins @returns {Promise<Found[]>} a few who want to be found */
export async function findPeople(words) {
  /** @type {{people: Found[]}} */
  const answer = await get(`${api.people}?${new URLSearchParams({ q: words })}`);
  return answer.people;
}

/** @returns {Promise<Profile>} */
export const readProfile = () => get(api.me);

/**
 * @param {Blob} picture
 * @returns {Promise<{avatar: string}>}
 */
export const setAvatar = (picture) => put(api.avatar, picture);

export const removeAvatar = () => remove(api.avatar);

/**
 * @param {string} current
 * @param {string} wanted
 * @returns {Promise<void>}
 */
export const changePassword = (current, wanted) => post(api.password, { current, new: wanted });

/** @returns {Promise<Device[]>} */
export async function devices() {
  /** @type {{sessions: Device[]}} */
  const answer = await get(api.sessions);
  return answer.sessions;
}

/** @param {string} id */
export const endDevice = (id) => remove(sessionAddress(id));

export const endOtherDevices = () => remove(api.sessions);

/** @type {readonly [RegExp, string][]} */
const BROWSERS = [
  [/\bEdg(e|A|iOS)?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(Headless)?(Chrome|CriOS|Chromium)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];

/** @type {readonly [RegExp, string][]} */
const SYSTEMS = [
  [/\b(iPhone|iPad|iPod)\b/, "iOS"],
  [/\bAndroid\b/, "Android"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
];

/**
 * Browser and system in what a client says of itself.  Browsers name each other, so the order of
 * the tables matters.
 *
 * @param {string} agent
 * @returns {{browser: string | null, system: string | null}}
 */
export function described(agent) {
  return { browser: firstIn(BROWSERS, agent), system: firstIn(SYSTEMS, agent) };
}

/**
 * @param {readonly [RegExp, string][]} table
 * @param {string} agent
 */
function firstIn(table, agent) {
  return table.find(([pattern]) => pattern.test(agent))?.[1] ?? null;
}
