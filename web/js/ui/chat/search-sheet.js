/** Search in a chat; what was found leads to where it was said. */

import { useEffect, useState } from "preact/hooks";
import { findMessages } from "../../chats.js";
import { errorText, moment, text } from "../../i18n.js";
import { Button } from "../button.js";
import { Dialog } from "../dialog.js";
import { html } from "../html.js";
import { Notice } from "../notice.js";
import { nameOf } from "./avatar-with-state.js";

/** @typedef {import("../../chat/conversation.js").Conversation} Conversation */
/** @typedef {import("../../chats.js").Hit} Hit */

// So long after the last letter, somebody wants to see what there is.
const LOOK_AFTER_MS = 300;

/** @param {{conversation: Conversation, desk: import("./desk.js").Desk, onClose: () => void}} properties */
export function SearchSheet({ conversation, desk, onClose }) {
  const [sought, setSought] = useState("");
  const { hits, failure, hasMore, more } = useHits(conversation.room, sought.trim());
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
    ${hasMore && html`<${Button} kind="quiet" onClick=${more}>${text("talks.more")}</${Button}>`}
  </${Dialog}>`;
}

/** A message elsewhere in the chat. @param {{name: string, at: string, words: string, onOpen: () => void}} properties */
export function Found({ name, at, words, onOpen }) {
  return html`<li><button type="button" class="choice found" onClick=${onOpen}>
    <span class="found-head"><span class="quote-name">${name}</span><span class="fine">${moment(at)}</span></span>
    <span class="found-words" dir="auto">${words}</span>
  </button></li>`;
}

/** @param {string} room @param {string} sought */
function useHits(room, sought) {
  const [hits, setHits] = useState(/** @type {readonly Hit[] | null} */ (null));
  const [next, setNext] = useState(/** @type {string | null} */ (null));
  const [failure, setFailure] = useState(/** @type {unknown} */ (null));
  useEffect(() => {
    if (sought === "") {
      setHits(null);
      setNext(null);
      return;
    }
    let isWanted = true;
    const timer = setTimeout(async () => {
      const page = await findMessages(room, sought).catch((error) => void (isWanted && setFailure(error)));
      if (!isWanted || !page) return;
      setFailure(null);
      setHits(page.hits);
      setNext(page.next);
    }, LOOK_AFTER_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [room, sought]);
  const more = async () => {
    const page = await findMessages(room, sought, next ?? "").catch(setFailure);
    if (!page) return;
    setHits([...(hits ?? []), ...page.hits]);
    setNext(page.next);
  };
  return { hits, failure, hasMore: next !== null, more };
}
