/** The chat of the room beside its call: the same as on its own page, on the call's own line. */

import { useEffect, useState } from "preact/hooks";
import { text } from "../../i18n.js";
import { Chat } from "../../ui/chat/chat.js";
import { conversationIn } from "../../ui/chat/opened.js";
import { ChatTools } from "../../ui/chat/tools.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { NotYet, useLoaded } from "../../ui/loaded.js";

/** @typedef {import("../../call/in-call.js").InCall} InCall */
/** @typedef {import("../../rooms.js").Room} Room */

/** @param {{room: Room, call: InCall, onClose: () => void}} properties */
export function ChatPanel({ room, call, onClose }) {
  const [conversation] = useState(() => conversationIn(room, call.identity, call.stay));
  const opened = useLoaded(() => conversation.begin().then(() => conversation));
  useEffect(() => () => conversation.end(), [conversation]);
  const head = (/** @type {import("../../ui/chat/desk.js").Desk | null} */ desk) => html`<header class="panel-head">
    <h2 class="card-title panel-title">${text("panel.chat")}</h2>
    ${desk !== null && html`<${ChatTools} conversation=${conversation} desk=${desk} />`}
    <button type="button" class="round" aria-label=${text("action.close")} onClick=${onClose}><${Icon} name="close" /></button>
  </header>`;
  if (opened.thing === null) return html`${head(null)}<div class="panel-body"><${NotYet} ...${opened} rows=${4} /></div>`;
  return html`<${Chat} conversation=${opened.thing} head=${head} />`;
}
