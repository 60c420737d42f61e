/** A message on its way: shown at once, and what keeps it, in words. */

import { errorText, text } from "../../i18n.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { Content } from "./content.js";

/** @typedef {import("../../chat/outbox.js").Entry} Entry */

/** @param {{entry: Entry, conversation: import("../../chat/conversation.js").Conversation}} properties */
export function PendingBubble({ entry, conversation }) {
  const { outbox, isUp } = conversation;
  const isRefused = entry.state === "refused";
  const message = { ...entry, mentions: entry.mentions, file: null };
  return html`<li class="message message-mine message-pending">
    <div class="message-body">
      <div class="bubble-row"><div class="bubble bubble-${entry.kind}">
        <${Content} message=${message} conversation=${conversation} desk=${null} />
        <p class="bubble-meta">
          ${!isRefused && html`<span class="mark mark-waiting"><${Icon} name="time" />${text(isUp.value ? "mark.sending" : "mark.waiting")}</span>`}
        </p>
      </div></div>
      ${isRefused &&
      html`<div class="refused" role="alert">
        <p><${Icon} name="warning" />${errorText({ code: entry.trouble })}</p>
        <button type="button" class="button button-soft" onClick=${() => outbox.retry(entry.clientId)}>${text("action.try_again")}</button>
        <button type="button" class="button button-quiet" onClick=${() => outbox.drop(entry.clientId)}>${text("chat.discard")}</button>
      </div>`}
    </div>
  </li>`;
}
