/** What is kept in sight. */

import { pinsOf } from "../../chats.js";
import { text } from "../../i18n.js";
import { Dialog } from "../dialog.js";
import { html } from "../html.js";
import { NotYet, useLoaded } from "../loaded.js";
import { nameOf } from "./avatar-with-state.js";
import { gistOf } from "./quote.js";
import { Found } from "./search-sheet.js";

/** @param {{conversation: import("../../chat/conversation.js").Conversation, desk: import("./desk.js").Desk, onClose: () => void}} properties */
export function PinsSheet({ conversation, desk, onClose }) {
  const pins = useLoaded(() => pinsOf(conversation.room));
  return html`<${Dialog} title=${text("pins.title")} onClose=${onClose}>
    ${pins.thing === null ? html`<${NotYet} ...${pins} rows=${2} />`
      : pins.thing.length === 0 ? html`<p class="lead">${text("pins.none")}</p>`
      : html`<ul class="choices">
          ${pins.thing.map((message) => html`<${Found} key=${message.id} name=${nameOf(conversation.faces.of(message.sender))} at=${message.posted_at} words=${gistOf(message)} onOpen=${() => desk.show(message.sequence)} />`)}
        </ul>`}
  </${Dialog}>`;
}
