/** Somebody's picture, or the first letter of their name on a colour of their own. */

import { calledName } from "../session.js";
import { html } from "./html.js";

const HUES = 6;

/**
 * Decorative: the name always stands beside it.
 *
 * @param {{
 *   profile: Pick<import("../session.js").Profile, "id" | "name" | "nickname" | "avatar">,
 *   size: "small" | "large",
 * }} properties
 */
export function Avatar({ profile, size }) {
  if (profile.avatar !== null) {
    return html`<img class="avatar avatar-${size}" src=${profile.avatar} alt="" width="256" height="256" />`;
  }
  const [letter] = calledName(profile).toLocaleUpperCase();
  return html`<span class="avatar avatar-${size} avatar-hue-${hue(profile.id)}" aria-hidden="true">${letter}</span>`;
}

/** @param {string} id */
function hue(id) {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + character.charCodeAt(0)) % 9973;
  return sum % HUES;
}
