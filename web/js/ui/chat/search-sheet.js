/** Search in a chat; what was found leads to where it was said. */

import { useState } from "preact/hooks";
import { findMessages } from "../../chats.js";
import { errorText, moment, text } from "../../i18n.js";
import { Button } from "../button.js";
import { Dialog } from "../dialog.js";
import { html } from "../html.js";
import { Notice } from "../notice.js";
import { useSought } from "../sought.js";
import { nameOf } from "./avatar-with-state.js";

/** @typedef {import("../../chat/conversation.js").Conversation} Conversation */

/** @param {{conversation: Conversation, desk: import("./desk.js").Desk, onClose: () => void}} properties */
export function SearchSheet({ conversation, desk, onClose }) {
  const [sought, setSought] = useState("");
  const words = sought.trim();
  const { found, failure, put, fail } = useSought(words, (wanted) => findMessages(conversation.room, wanted));
  const { hits = null, next = null } = found ?? {};
  const more = async () => {
    const page = await findMessages(conversation.room, words, next ?? "").catch(fail);
    if (page) put({ hits: [...(hits ?? []), ...page.hits], next: page.next });
  };
  return html`<${Dialog} title=${text("search.title")} onClose=${onClose}>
    <input
      class="input" type="search" value=${sought} placeholder=${text("search.words")} aria-label=${text("search.words")} autocomplete="off"
      onInput=${(/** @type {any} */ event) => setSought(event.currentTarget.value)}
    />
    ${failure !== null && html`<${Notice} kind="danger">${errorText(failure)}</${Notice}>`}
    <div role="status">${hits?.length === 0 && html`<p class="lead">${text("search.nothing")}</p>`}</div>
    ${hits !== null && hits.length > 0 &&
    html`<ul class="choices">
      ${hits.map(({ message, snippet }) => html`<${Found} key=${message.id} name=${nameOf(conversation.faces.of(message.sender))} at=${message.posted_at} words=${snippet} onOpen=${() => desk.show(message.sequence)} />`)}
    </ul>`}
    ${next !== null && html`<${Button} kind="quiet" onClick=${more}>${text("talks.more")}</${Button}>`}
  </${Dialog}>`;
}

/** A message elsewhere in the chat. @param {{name: string, at: string, words: string, onOpen: () => void}} properties */
export function Found({ name, at, words, onOpen }) {
  return html`<li><button type="button" class="choice found" onClick=${onOpen}>
    <span class="found-head"><span class="quote-name">${name}</span><span class="fine">${moment(at)}</span></span>
    <span class="found-words" dir="auto">${words}</span>
  </button></li>`;
}
