/** What a message answers, in a line that leads to it. */

import { useEffect, useState } from "preact/hooks";
import { messageNamed } from "../../chats.js";
import { text } from "../../i18n.js";
import { html } from "../html.js";
import { nameOf } from "./avatar-with-state.js";

/** @typedef {import("../../chat/conversation.js").Conversation} Conversation */
/** @typedef {import("../../chat/messages.js").Message} Message */

/** @param {{id: string, conversation: Conversation, desk: import("./desk.js").Desk}} properties */
export function Quote({ id, conversation, desk }) {
  const shown = conversation.history.messages.value.find((one) => one.id === id);
  const [asked, setAsked] = useState(/** @type {Message | null} */ (null));
  useEffect(() => {
    if (shown === undefined) messageNamed(id).then(setAsked, () => {});
  }, [id, shown === undefined]);
  const message = shown ?? asked;
  const name = message === null ? "" : nameOf(conversation.faces.of(message.sender));
  return html`<button type="button" class="quote" disabled=${message === null} onClick=${() => message && desk.show(message.sequence)}>
    <span class="quote-name">${name}</span>
    <span class="quote-words" dir="auto">${message === null ? "…" : gistOf(message)}</span>
  </button>`;
}

/** A message in a line. @param {Pick<Message, "kind" | "text" | "deleted_at" | "file">} message */
export function gistOf({ kind, text: words, deleted_at, file }) {
  if (deleted_at !== null) return text("chat.gone");
  if (kind === "sticker") return text(`sticker.${words}`);
  if (kind === "text" || kind === "emoji") return words;
  const what = kind === "file" && file !== null ? file.name : text(`kind.${kind}`);
  return words === "" ? what : `${what} · ${words}`;
}
