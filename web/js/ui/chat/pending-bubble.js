/** A message on its way: shown at once, and what keeps it, in words. */

import { errorText, text } from "../../i18n.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { sizeOf } from "./attachments.js";
import { Content } from "./content.js";

/** @typedef {import("../../chat/outbox.js").Entry} Entry */

/** @param {{entry: Entry, conversation: import("../../chat/conversation.js").Conversation}} properties */
export function PendingBubble({ entry, conversation }) {
  const { outbox, isUp } = conversation;
  const isRefused = entry.state === "refused";
  const message = { ...entry, file: null };
  return html`<li class="message message-mine message-pending">
    <div class="message-body">
      <div class="bubble-row"><div class="bubble bubble-${entry.kind}">
        ${entry.file !== null && html`<${Carried} entry=${entry} conversation=${conversation} />`}
        <${Content} message=${message} conversation=${conversation} desk=${null} />
        <p class="bubble-meta">
          ${!isRefused && html`<span class="mark mark-waiting"><${Icon} name="time" />${text(isUp.value ? "mark.sending" : "mark.waiting")}</span>`}
        </p>
      </div></div>
      ${isRefused &&
      html`<div class="refused" role="alert">
        <p><${Icon} name="warning" />${errorText({ code: entry.trouble })}</p>
        <button type="button" class="button button-soft" onClick=${() => outbox.retry(entry.clientId)}>${text("action.try_again")}</button>
        <button type="button" class="button button-quiet" onClick=${() => conversation.discard(entry)}>${text("chat.discard")}</button>
      </div>`}
    </div>
  </li>`;
}

/** How much of a file is with the server. @param {{entry: Entry, conversation: import("../../chat/conversation.js").Conversation}} properties */
function Carried({ entry, conversation }) {
  const part = conversation.uploads.progress.value.get(entry.clientId) ?? 0;
  const { name, size } = /** @type {import("../../chat/outbox.js").FileFacts} */ (entry.file);
  const label = text("file.sending", { name });
  return html`<div class="carried">
    <${Icon} name="file" />
    <div class="file-words">
      <span class="file-name" dir="auto">${name}</span>
      <span class="fine">${sizeOf(size * part)} / ${sizeOf(size)}</span>
      <progress class="carried-bar" max="1" value=${part} aria-label=${label}></progress>
    </div>
    ${entry.state === "waiting" &&
    html`<button type="button" class="chat-tool" aria-label=${text("file.cancel", { name })} onClick=${() => conversation.discard(entry)}><${Icon} name="close" /></button>`}
  </div>`;
}
