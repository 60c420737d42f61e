/** The chat of the room beside its call: the same as on its own page, on the call's own line. */

import { text } from "../../i18n.js";
import { Chat } from "../../ui/chat/chat.js";
import { conversationIn } from "../../ui/chat/opened.js";
import { ChatTools } from "../../ui/chat/tools.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { NotYet, useLoaded } from "../../ui/loaded.js";

/** @typedef {import("../../call/in-call.js").InCall} InCall */
/** @typedef {import("../../chat/conversation.js").Conversation} Conversation */
/** @typedef {import("../../rooms.js").Room} Room */

/** One for each call: what is on its way goes on while the panel is closed. @type {WeakMap<InCall, Promise<Conversation>>} */
const opened = new WeakMap();

/** @param {Room} room @param {InCall} call */
function conversationOf(room, call) {
  const known = opened.get(call);
  if (known !== undefined) return known;
  const conversation = conversationIn(room, call.identity, call.stay);
  const begun = conversation.begin().then(() => conversation);
  opened.set(call, begun);
  begun.catch(() => opened.delete(call));
  return begun;
}

/** @param {{room: Room, call: InCall, onClose: () => void}} properties */
export function ChatPanel({ room, call, onClose }) {
  const { thing: conversation, ...loading } = useLoaded(() => conversationOf(room, call), [call]);
  const head = (/** @type {import("../../ui/chat/desk.js").Desk | null} */ desk) => html`<header class="panel-head">
    <h2 class="card-title panel-title">${text("panel.chat")}</h2>
    ${conversation !== null && desk !== null && html`<${ChatTools} conversation=${conversation} desk=${desk} />`}
    <button type="button" class="round" aria-label=${text("action.close")} onClick=${onClose}><${Icon} name="close" /></button>
  </header>`;
  if (conversation === null) return html`${head(null)}<div class="panel-body"><${NotYet} ...${loading} rows=${4} /></div>`;
  return html`<${Chat} conversation=${conversation} head=${head} />`;
}
