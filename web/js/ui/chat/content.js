/** What a message says: words, a sticker, or a file; a table of kinds. */

import { partsOf } from "../../chat/words.js";
import { text } from "../../i18n.js";
import { html } from "../html.js";
import { FileCard, Picture, Video } from "./attachments.js";
import { nameOf } from "./avatar-with-state.js";
import { VoiceNote } from "./voice-note.js";

/** @typedef {import("../../chat/conversation.js").Conversation} Conversation */
/** @typedef {import("../../chat/messages.js").Message} Message */
/** @typedef {{message: Message, conversation: Conversation, desk: import("./desk.js").Desk}} Properties */

/** @param {Properties} properties */
export function Content(properties) {
  const { message, conversation } = properties;
  const Kind = KINDS[message.kind] ?? null;
  return html`
    ${Kind && html`<${Kind} ...${properties} />`}
    ${message.text !== "" && !WITHOUT_WORDS.has(message.kind) && html`<${Words} text=${message.text} mentions=${message.mentions} conversation=${conversation} />`}
  `;
}

/** @type {Readonly<Record<string, (properties: Properties) => unknown>>} */
const KINDS = {
  emoji: ({ message }) => html`<p class="big-emoji">${message.text}</p>`,
  sticker: ({ message }) =>
    html`<img class="sticker" src="/static/images/stickers/${message.text}.svg" alt=${text(`sticker.${message.text}`)} width="128" height="128" />`,
  image: ({ message, desk }) => message.file && html`<${Picture} file=${message.file} onOpen=${() => (desk.sheet.value = { name: "viewer", message })} />`,
  video: ({ message }) => message.file && html`<${Video} file=${message.file} />`,
  voice: ({ message }) => message.file && html`<${VoiceNote} file=${message.file} />`,
  file: ({ message }) => message.file && html`<${FileCard} file=${message.file} />`,
};

const WITHOUT_WORDS = new Set(["emoji", "sticker"]);

/** @param {{text: string, mentions: readonly string[], conversation: Conversation}} properties */
export function Words({ text: words, mentions, conversation }) {
  const mentioned = mentions.map((id) => ({ id, name: nameOf(conversation.faces.of(id)) }));
  return html`<p class="words" dir="auto">
    ${partsOf(words, mentioned, conversation.identity).map(({ kind, words: part, mine }) => {
      if (kind === "link") return html`<a href=${part} target="_blank" rel="noopener noreferrer nofollow">${part}</a>`;
      if (kind === "mention") return html`<span class="mention ${mine ? "mention-mine" : ""}">${part}</span>`;
      return part;
    })}
  </p>`;
}
