/** One message as it stands in the list. */

import { useSignal } from "@preact/signals";
import { text, timeOfDay } from "../../i18n.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { AvatarWithState, nameOf } from "./avatar-with-state.js";
import { complain } from "./complain.js";
import { Content } from "./content.js";
import { Marks } from "./marks.js";
import { MessageMenu } from "./message-menu.js";
import { Quote } from "./quote.js";

/** @typedef {import("../../chat/conversation.js").Conversation} Conversation */
/** @typedef {import("../../chat/messages.js").Message} Message */
/** @typedef {import("./desk.js").Desk} Desk */

/** @param {{message: Message, isFirst: boolean, conversation: Conversation, desk: Desk}} properties */
export function Bubble({ message, isFirst, conversation, desk }) {
  const isMine = message.sender === conversation.identity;
  const face = conversation.faces.of(message.sender);
  const isGone = message.deleted_at !== null;
  const look = ["message", isMine ? "message-mine" : "", isFirst ? "message-first" : ""].join(" ");
  return html`<li class=${look} data-sequence=${message.sequence}>
    ${!isMine && (isFirst
      ? html`<${AvatarWithState} face=${face} onClick=${() => (desk.sheet.value = { name: "person", identity: message.sender })} />`
      : html`<span class="avatar-gap"></span>`)}
    <div class="message-body">
      ${isFirst && !isMine && html`<span class="message-sender">${nameOf(face)}</span>`}
      <div class="bubble-row">
        <div class="bubble ${isGone ? "bubble-gone" : `bubble-${message.kind}`}">
          ${message.forwarded_from !== null &&
          html`<p class="bubble-note"><${Icon} name="forward" />${forwardedFrom(conversation.faces.of(message.forwarded_from))}</p>`}
          ${message.reply_to !== null && !isGone && html`<${Quote} id=${message.reply_to} conversation=${conversation} desk=${desk} />`}
          ${isGone ? html`<p class="bubble-note"><${Icon} name="trash" />${text("chat.gone")}</p>` : html`<${Content} message=${message} conversation=${conversation} desk=${desk} />`}
          <p class="bubble-meta">
            ${message.pinned_at !== null && html`<span class="bubble-pin"><${Icon} name="pin" /><span class="unseen">${text("chat.pinned")}</span></span>`}
            ${message.edited_at !== null && !isGone &&
            html`<button type="button" class="bubble-edited" onClick=${() => (desk.sheet.value = { name: "edits", message })}>${text("chat.edited")}</button>`}
            <time datetime=${message.posted_at}>${timeOfDay(message.posted_at)}</time>
            ${isMine && !isGone && html`<${Marks} message=${message} conversation=${conversation} desk=${desk} />`}
          </p>
        </div>
        ${!isGone && html`<${More} message=${message} conversation=${conversation} desk=${desk} />`}
      </div>
      ${message.reactions.length > 0 && html`<${Reactions} message=${message} conversation=${conversation} />`}
    </div>
  </li>`;
}

/** Somebody of another room may be nobody that one knows. @param {import("../../chat/faces.js").Face} face */
const forwardedFrom = (face) => (face.name === "" ? text("chat.forwarded_here") : text("chat.forwarded", { name: nameOf(face) }));

/** @param {{message: Message, conversation: Conversation, desk: Desk}} properties */
function More({ message, conversation, desk }) {
  const opener = useSignal(/** @type {HTMLElement | null} */ (null));
  const last = conversation.history.messages.value.findLast((one) => one.deleted_at === null);
  const open = (/** @type {Event & {currentTarget: HTMLElement}} */ event) => (opener.value = event.currentTarget);
  return html`
    <button
      type="button" class="bubble-more" aria-haspopup="menu" tabindex=${last === message ? 0 : -1} onClick=${open}
      aria-label=${text("message.menu", { name: nameOf(conversation.faces.of(message.sender)), time: timeOfDay(message.posted_at) })}
    ><${Icon} name="more" /></button>
    ${opener.value !== null &&
    html`<${MessageMenu} message=${message} conversation=${conversation} desk=${desk} opener=${opener.value} onClose=${() => (opener.value = null)} />`}
  `;
}

/** @param {{message: Message, conversation: Conversation}} properties */
function Reactions({ message, conversation }) {
  const press = (/** @type {string} */ emoji) => conversation.react(message, emoji).catch(complain);
  return html`<ul class="reactions" aria-label=${text("message.reactions")}>
    ${message.reactions.map(({ emoji, users }) => {
      const isOn = users.includes(conversation.identity);
      const names = users.map((id) => nameOf(conversation.faces.of(id))).join(", ");
      return html`<li key=${emoji}>
        <button type="button" class="reaction" aria-pressed=${isOn ? "true" : "false"} title=${names} aria-label=${text("message.reaction", { emoji, names })} onClick=${() => press(emoji)}>
          <span>${emoji}</span>${users.length}
        </button>
      </li>`;
    })}
  </ul>`;
}
