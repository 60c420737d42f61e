/** Beside the words: files, emoji and stickers, notes of voice and of pictures. */

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { text } from "../../i18n.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { Picker } from "./picker.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** @param {{desk: Desk}} properties */
export function AttachButton({ desk }) {
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));
  const choose = (/** @type {Event & {currentTarget: HTMLInputElement}} */ event) => {
    const files = [...(event.currentTarget.files ?? [])];
    // The same file chosen again would otherwise be no change.
    event.currentTarget.value = "";
    if (files.length > 0) desk.sheet.value = { name: "attach", files };
  };
  return html`
    <button type="button" class="chat-tool" aria-label=${text("file.send")} title=${text("file.send")} onClick=${() => input.current?.click()}><${Icon} name="attach" /></button>
    <input type="file" multiple hidden ref=${input} onChange=${choose} />
  `;
}

/** @param {{conversation: import("../../chat/conversation.js").Conversation, onEmoji: (emoji: string) => void}} properties */
export function PickerButton({ conversation, onEmoji }) {
  const opener = useSignal(/** @type {HTMLElement | null} */ (null));
  const close = () => (opener.value = null);
  const stick = (/** @type {string} */ name) => {
    close();
    conversation.say({ kind: "sticker", text: name, replyTo: null, mentions: [] });
  };
  const open = (/** @type {Event & {currentTarget: HTMLElement}} */ event) => (opener.value = event.currentTarget);
  return html`
    <button type="button" class="chat-tool" aria-haspopup="dialog" aria-label=${text("picker.name")} title=${text("picker.name")} onClick=${open}><${Icon} name="smile" /></button>
    ${opener.value !== null && html`<${Picker} opener=${opener.value} onClose=${close} onEmoji=${onEmoji} onSticker=${stick} />`}
  `;
}

/** @param {{desk: Desk, onVoice: () => void}} properties */
export function NoteButtons({ desk, onVoice }) {
  return html`
    <button type="button" class="chat-tool" aria-label=${text("record.voice")} title=${text("record.voice")} onClick=${onVoice}><${Icon} name="microphone" /></button>
    <button type="button" class="chat-tool" aria-label=${text("record.video")} title=${text("record.video")} onClick=${() => (desk.sheet.value = { name: "video-note" })}><${Icon} name="camera" /></button>
  `;
}
