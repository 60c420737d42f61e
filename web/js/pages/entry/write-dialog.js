/** Write to somebody whom one knows from a room; the two have a room of their own from then on. */

import { useState } from "preact/hooks";
import { membersOf } from "../../chats.js";
import { text } from "../../i18n.js";
import { me } from "../../session.js";
import { Avatar } from "../../ui/avatar.js";
import { DirectForm } from "../../ui/chat/direct-form.js";
import { Dialog } from "../../ui/dialog.js";
import { html } from "../../ui/html.js";
import { NotYet, useLoaded } from "../../ui/loaded.js";

/** @typedef {import("../../chats.js").Member} Member */

// Whom one has met is in the rooms that one used last.
const MOST_ROOMS = 20;

/** @param {readonly import("../../rooms.js").Room[]} rooms @returns {Promise<Member[]>} */
async function acquaintances(rooms) {
  const found = await Promise.all(rooms.slice(0, MOST_ROOMS).map((room) => membersOf(room.id).catch(() => [])));
  const byId = new Map(found.flat().map((one) => [one.user, one]));
  return [...byId.values()].filter((one) => one.user !== me.value?.id && one.role !== "guest");
}

/** @param {{rooms: readonly import("../../rooms.js").Room[], onClose: () => void}} properties */
export function WriteDialog({ rooms, onClose }) {
  const people = useLoaded(() => acquaintances(rooms));
  const [chosen, choose] = useState(/** @type {Member | null} */ (null));
  return html`<${Dialog} title=${text("direct.title")} onClose=${onClose}>
    ${chosen !== null
      ? html`<${DirectForm} id=${chosen.user} name=${chosen.nickname || chosen.name} />`
      : people.thing === null
        ? html`<${NotYet} ...${people} rows=${3} />`
        : html`<${People} people=${people.thing} onChoose=${choose} />`}
  </${Dialog}>`;
}

/** @param {{people: readonly Member[], onChoose: (member: Member) => void}} properties */
function People({ people, onChoose }) {
  if (people.length === 0) return html`<p class="lead">${text("direct.nobody")}</p>`;
  return html`<ul class="choices">
    ${people.map((one) => {
      const profile = { id: one.user, name: one.name, nickname: one.nickname, avatar: null };
      return html`<li key=${one.user}><button type="button" class="choice" onClick=${() => onChoose(one)}><${Avatar} profile=${profile} size="small" />${one.nickname || one.name}</button></li>`;
    })}
  </ul>`;
}
