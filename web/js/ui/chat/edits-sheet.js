/** What a message said before. */

import { editsOf } from "../../chats.js";
import { moment, text } from "../../i18n.js";
import { Dialog } from "../dialog.js";
import { html } from "../html.js";
import { NotYet, useLoaded } from "../loaded.js";

/** @param {{message: import("../../chat/messages.js").Message, onClose: () => void}} properties */
export function EditsSheet({ message, onClose }) {
  const edits = useLoaded(() => editsOf(message.id), [message.id]);
  return html`<${Dialog} title=${text("chat.edits")} onClose=${onClose}>
    ${edits.thing === null ? html`<${NotYet} ...${edits} rows=${2} />`
      : html`<ol class="plain-list">
          ${edits.thing.map((edit) => html`<li key=${edit.edited_at} class="edit"><p class="words" dir="auto">${edit.text}</p><p class="fine">${text("chat.until", { when: moment(edit.edited_at) })}</p></li>`)}
        </ol>`}
  </${Dialog}>`;
}
