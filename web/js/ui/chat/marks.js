/** How far a message of one's own has got: with the server, with their devices, read. */

import { counted, text } from "../../i18n.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";

/** @typedef {import("../../chat/conversation.js").Conversation} Conversation */
/** @typedef {import("../../chat/messages.js").Message} Message */

/** @param {{message: Message, conversation: Conversation, desk: import("./desk.js").Desk}} properties */
export function Marks({ message, conversation, desk }) {
  const others = conversation.others.value;
  const readers = others.filter((one) => one.read >= message.sequence).length;
  const isDelivered = others.some((one) => one.delivered >= message.sequence);
  const [look, words] = readers > 0
    ? ["read", others.length === 1 ? text("mark.read") : counted("mark.read_by", readers)]
    : isDelivered ? ["delivered", text("mark.delivered")] : ["sent", text("mark.sent")];
  return html`<button
    type="button" class="mark mark-${look}" title=${words} aria-label=${words}
    onClick=${() => (desk.sheet.value = { name: "readers", message })}
  ><${Icon} name=${look === "sent" ? "check" : "checks"} />${others.length > 1 && readers > 0 && html`<span aria-hidden="true">${readers}</span>`}</button>`;
}
