/** Asks before a message is taken back: nothing brings it again. */

import { errorText, text } from "../../i18n.js";
import { Button } from "../button.js";
import { Dialog } from "../dialog.js";
import { html } from "../html.js";
import { useDeed } from "../loaded.js";
import { Notice } from "../notice.js";
import { gistOf } from "./quote.js";

/** @param {{message: import("../../chat/messages.js").Message, conversation: import("../../chat/conversation.js").Conversation, onClose: () => void}} properties */
export function RemoveSheet({ message, conversation, onClose }) {
  const removing = useDeed(async () => {
    await conversation.remove(message);
    onClose();
  });
  return html`<${Dialog} title=${text("chat.remove")} onClose=${onClose}>
    <p class="lead">${text("chat.remove_words")}</p>
    <blockquote class="quote-still"><span class="quote-words" dir="auto">${gistOf(message)}</span></blockquote>
    ${removing.failure !== null && html`<${Notice} kind="danger">${errorText(removing.failure)}</${Notice}>`}
    <div class="row">
      <${Button} kind="danger" busy=${removing.busy} onClick=${removing.run}>${text("message.act.remove")}</${Button}>
      <${Button} kind="quiet" onClick=${onClose}>${text("action.cancel")}</${Button}>
    </div>
  </${Dialog}>`;
}
