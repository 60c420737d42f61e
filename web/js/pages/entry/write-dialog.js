/** Write to somebody; the two have a room of their own from then on. */

import { useState } from "preact/hooks";
import { membersOf } from "../../chats.js";
import { text } from "../../i18n.js";
import { calledName, me } from "../../session.js";
import { DirectForm } from "../../ui/chat/direct-form.js";
import { Dialog } from "../../ui/dialog.js";
import { html } from "../../ui/html.js";
import { NotYet, useLoaded } from "../../ui/loaded.js";
import { PeopleFinder } from "../../ui/people-finder.js";

/** @typedef {import("../../ui/people-finder.js").Choice} Choice */

// Whom one has met is in the rooms that one used last.
const MOST_ROOMS = 20;

/** @param {readonly import("../../rooms.js").Room[]} rooms @returns {Promise<Choice[]>} */
async function acquaintances(rooms) {
  const found = await Promise.all(rooms.slice(0, MOST_ROOMS).map((room) => membersOf(room.id).catch(() => [])));
  const byId = new Map(found.flat().map((one) => [one.user, one]));
  return [...byId.values()]
    .filter((one) => one.user !== me.value?.id && one.role !== "guest")
    .map(({ user, name, nickname }) => ({ id: user, name, nickname, avatar: null }));
}

/** @param {{rooms: readonly import("../../rooms.js").Room[], onClose: () => void}} properties */
export function WriteDialog({ rooms, onClose }) {
  const known = useLoaded(() => acquaintances(rooms));
  const [chosen, choose] = useState(/** @type {Choice | null} */ (null));
  return html`<${Dialog} title=${text("direct.title")} onClose=${onClose}>
    ${chosen !== null
      ? html`<${DirectForm} id=${chosen.id} name=${calledName(chosen)} />`
      : known.thing === null
        ? html`<${NotYet} ...${known} rows=${3} />`
        : html`<${PeopleFinder} known=${known.thing} onChoose=${choose} />`}
  </${Dialog}>`;
}
