/** Whose direct messages one does not take, and how to take them again. */

import { blocked, unblock } from "../../chats.js";
import { errorText, text } from "../../i18n.js";
import { readPerson } from "../../people.js";
import { calledName } from "../../session.js";
import { Avatar } from "../../ui/avatar.js";
import { Button } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { html } from "../../ui/html.js";
import { useDeed, useLoaded } from "../../ui/loaded.js";
import { Notice } from "../../ui/notice.js";

/** @typedef {import("../../session.js").Profile} Profile */

/** @returns {Promise<Profile[]>} */
const peopleBlocked = async () => Promise.all((await blocked()).map(readPerson));

/** Nothing at all for whoever has blocked nobody. */
export function BlockedCard() {
  const people = useLoaded(peopleBlocked);
  if (people.thing === null || people.thing.length === 0) return null;
  return html`<${Card} title=${text("block.title")} lead=${text("block.lead")}>
    <ul class="devices">
      ${people.thing.map((person) => html`<${Row} key=${person.id} person=${person} onEnded=${people.again} />`)}
    </ul>
  </${Card}>`;
}

/** @param {{person: Profile, onEnded: () => Promise<void>}} properties */
function Row({ person, onEnded }) {
  const ending = useDeed(() => unblock(person.id).then(onEnded));
  const name = calledName(person);
  return html`<li class="device">
    <${Avatar} profile=${person} size="small" />
    <p class="device-words device-name" dir="auto">${name}</p>
    <${Button} busy=${ending.busy} label=${text("block.unblock_which", { name })} onClick=${ending.run}>${text("block.unblock")}</${Button}>
    ${ending.failure !== null && html`<${Notice} kind="danger">${errorText(ending.failure)}</${Notice}>`}
  </li>`;
}
