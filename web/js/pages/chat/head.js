/** Above a chat: with whom it is, and what can be done with all of it. */

import { callPage } from "../../addresses.js";
import { counted, text } from "../../i18n.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { Avatar } from "../../ui/avatar.js";
import { AvatarWithState, nameOf } from "../../ui/chat/avatar-with-state.js";
import { ChatTools } from "../../ui/chat/tools.js";

/**
 * @param {{
 *   room: import("../../rooms.js").Room, conversation: import("../../chat/conversation.js").Conversation,
 *   desk: import("../../ui/chat/desk.js").Desk, onBack: () => void,
 * }} properties
 */
export function Head({ room, conversation, desk, onBack }) {
  const { faces, identity, isOfTwo } = conversation;
  const partner = isOfTwo ? faces.members.value.find((one) => one.user !== identity) : undefined;
  const face = partner === undefined ? null : faces.of(partner.user);
  const title = face === null ? room.title : nameOf(face);
  return html`<header class="chat-head">
    <button type="button" class="chat-tool chat-back" aria-label=${text("chat.to_list")} onClick=${onBack}><${Icon} name="arrow-left" /></button>
    ${face === null
      ? html`<${Avatar} profile=${{ id: room.id, name: title, nickname: "", avatar: null }} size="small" />`
      : html`<${AvatarWithState} face=${face} onClick=${() => (desk.sheet.value = { name: "person", identity: face.id })} />`}
    <div class="chat-titles">
      <h1 class="chat-title" dir="auto">${title}</h1>
      <p class="fine">${face === null ? counted("chat.members", faces.members.value.length) : text(`status.${face.status}`)}</p>
    </div>
    <a class="chat-tool" href=${callPage(room.id)} aria-label=${text("call.of", { title })} title=${text("call.action")}><${Icon} name="phone" /></a>
    <${ChatTools} conversation=${conversation} desk=${desk} />
  </header>`;
}
