/** Say in another conversation what was said in this one. */

import { forward, talks } from "../../chats.js";
import { errorText, text } from "../../i18n.js";
import { Dialog } from "../dialog.js";
import { html } from "../html.js";
import { NotYet, useDeed, useLoaded } from "../loaded.js";
import { Notice } from "../notice.js";
import { announce } from "../toast.js";
import { gistOf } from "./quote.js";
import { TalkPicture, titleOf } from "./talks.js";

/** @typedef {import("../../chats.js").Talk} Talk */

/** @param {{message: import("../../chat/messages.js").Message, onClose: () => void}} properties */
export function ForwardSheet({ message, onClose }) {
  const found = useLoaded(() => talks());
  const target = { talk: /** @type {Talk | null} */ (null) };
  const sending = useDeed(async () => {
    if (target.talk === null) return;
    await forward(message.id, target.talk.room);
    announce(text("forward.done", { title: titleOf(target.talk) }));
    onClose();
  });
  const choose = (/** @type {Talk} */ talk) => {
    target.talk = talk;
    sending.run();
  };
  return html`<${Dialog} title=${text("forward.title")} onClose=${onClose}>
    <blockquote class="quote-still"><span class="quote-words" dir="auto">${gistOf(message)}</span></blockquote>
    ${sending.failure !== null && html`<${Notice} kind="danger">${errorText(sending.failure)}</${Notice}>`}
    ${found.thing === null ? html`<${NotYet} ...${found} rows=${3} />`
      : html`<ul class="choices">
          ${found.thing.conversations.map((talk) => html`<li key=${talk.room}><button type="button" class="choice" onClick=${() => choose(talk)}><${TalkPicture} talk=${talk} />${titleOf(talk)}</button></li>`)}
        </ul>`}
  </${Dialog}>`;
}
