/** Who has read a message, and whom it has not reached yet. */

import { readersOf } from "../../chats.js";
import { moment, text } from "../../i18n.js";
import { Avatar } from "../avatar.js";
import { Dialog } from "../dialog.js";
import { html } from "../html.js";
import { NotYet, useLoaded } from "../loaded.js";
import { nameOf } from "./avatar-with-state.js";

/** @typedef {{message: import("../../chat/messages.js").Message, conversation: import("../../chat/conversation.js").Conversation, onClose: () => void}} Properties */

/** @param {Properties} properties */
export function ReadersSheet({ message, conversation, onClose }) {
  const readers = useLoaded(() => readersOf(message.id), [message.id]);
  return html`<${Dialog} title=${text("mark.readers")} onClose=${onClose}>
    ${readers.thing === null ? html`<${NotYet} ...${readers} rows=${2} />`
      : readers.thing.length === 0 ? html`<p class="lead">${text("mark.nobody")}</p>`
      : html`<ul class="plain-list">
          ${readers.thing.map(({ user, read_at }) => {
            const face = conversation.faces.of(user);
            return html`<li key=${user} class="plain-row"><${Avatar} profile=${face} size="small" /><span>${nameOf(face)}</span><span class="fine">${moment(read_at)}</span></li>`;
          })}
        </ul>`}
  </${Dialog}>`;
}
