/** Somebody's picture with a dot that says whether they are there. */

import { text } from "../../i18n.js";
import { Avatar } from "../avatar.js";
import { html } from "../html.js";

/** @typedef {Pick<import("../../chat/faces.js").Face, "id" | "name" | "nickname" | "avatar" | "status">} Shown */

/** @param {{face: Shown, onClick?: () => void}} properties a button if it does something */
export function AvatarWithState({ face, onClick }) {
  const inside = html`
    <${Avatar} profile=${face} size="small" />
    <span class="state-dot state-${face.status}"><span class="unseen">${text(`status.${face.status}`)}</span></span>
  `;
  if (onClick === undefined) return html`<span class="with-state">${inside}</span>`;
  return html`<button type="button" class="with-state" aria-label=${text("person.card_of", { name: nameOf(face) })} onClick=${onClick}>${inside}</button>`;
}

/** @param {Shown} face what to call somebody of whom nothing may be known any more */
export const nameOf = (face) => face.nickname || face.name || text("person.unknown");
