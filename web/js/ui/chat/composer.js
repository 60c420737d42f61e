/** Where one writes: words, and whom one answers; nothing of it is lost with the page. */

import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { isEmoji, mentionedIn } from "../../chat/words.js";
import { text } from "../../i18n.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { nameOf } from "./avatar-with-state.js";
import { complain } from "./complain.js";
import { AttachButton, NoteButtons, PickerButton } from "./composer-buttons.js";
import { Mentions, useMentions } from "./mentions.js";
import { mayEdit } from "./message-menu.js";
import { gistOf } from "./quote.js";
import { VoiceRecorder } from "./recorder.js";

/** @typedef {import("../../chat/conversation.js").Conversation} Conversation */
/** @typedef {import("../../chat/messages.js").Message} Message */
/** @typedef {import("./desk.js").Desk} Desk */

const HIGHEST_PX = 200;

/** @param {{conversation: Conversation, desk: Desk}} properties */
export function Composer({ conversation, desk }) {
  const words = useSignal(conversation.keeping.draft().text);
  const field = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const isRecording = useSignal(false);
  const mentions = useMentions(conversation, words, field);
  useDraft(conversation, desk, words, field);
  useHeight(field, words.value);

  const send = () => {
    if (words.value.trim() === "") return;
    const editing = desk.editing.value;
    if (editing === null) say(conversation, desk, words.value);
    else if (words.value !== editing.text) conversation.edit(editing, words.value).catch(complain);
    leave();
  };
  const leave = () => {
    desk.editing.value = desk.replyingTo.value = null;
    words.value = "";
    field.current?.focus();
  };
  const write = (/** @type {Event & {currentTarget: HTMLTextAreaElement}} */ event) => {
    words.value = event.currentTarget.value;
    if (desk.editing.value !== null) return;
    conversation.isWriting(words.value !== "");
    // At once: an effect waits for the next paint, and a page that is closed before has lost it.
    keepDraft(conversation, desk, words.value);
  };
  const press = (/** @type {KeyboardEvent} */ event) => {
    // 229 is what Safari says of the Enter that ends a composition.
    if (event.isComposing || event.keyCode === 229 || mentions.press(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !isTouched()) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape" && (desk.editing.value ?? desk.replyingTo.value) !== null) {
      leave();
    } else if (event.key === "ArrowUp" && words.value === "") {
      const last = conversation.history.messages.value.findLast((one) => mayEdit(one, conversation));
      if (last !== undefined) desk.edit(last);
    }
  };
  const insert = (/** @type {string} */ emoji) => {
    const { selectionStart: at = words.value.length, selectionEnd: end = at } = field.current ?? {};
    words.value = words.value.slice(0, at) + emoji + words.value.slice(end);
  };
  const paste = (/** @type {ClipboardEvent} */ event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    desk.sheet.value = { name: "attach", files };
  };
  if (isRecording.value) return html`<div class="composer"><${VoiceRecorder} conversation=${conversation} onDone=${() => (isRecording.value = false)} /></div>`;
  const isEmpty = words.value.trim() === "" && desk.editing.value === null;
  return html`<div class="composer">
    <${About} conversation=${conversation} desk=${desk} onLeave=${leave} />
    <${Mentions} mentions=${mentions} />
    <div class="composer-row">
      <${AttachButton} desk=${desk} />
      <textarea
        class="composer-words" rows="1" dir="auto" ref=${field} value=${words.value} maxlength="16000"
        aria-label=${text("chat.write")} placeholder=${text("chat.message")} enterkeyhint="send" autocomplete="off"
        aria-controls=${mentions.found.length > 0 ? mentions.id : undefined}
        aria-activedescendant=${mentions.found.length > 0 ? `${mentions.id}-${mentions.at}` : undefined}
        onInput=${write} onKeyDown=${press} onBlur=${() => conversation.isWriting(false)} onPaste=${paste}
      ></textarea>
      <${PickerButton} conversation=${conversation} onEmoji=${insert} />
      ${isEmpty
        ? html`<${NoteButtons} desk=${desk} onVoice=${() => (isRecording.value = true)} />`
        : html`<button type="button" class="composer-send" aria-label=${text("chat.send")} title=${text("chat.send")} onClick=${send}>
            <${Icon} name=${desk.editing.value === null ? "send" : "check"} />
          </button>`}
    </div>
  </div>`;
}

/** On a telephone, Enter begins a line: the button is near, and Shift is not. */
const isTouched = () => matchMedia("(pointer: coarse)").matches;

/** @param {Conversation} conversation @param {Desk} desk @param {string} words */
function say(conversation, desk, words) {
  const members = conversation.faces.members.value.map(({ user, name, nickname }) => ({ id: user, name: nickname || name }));
  conversation.say({
    kind: isEmoji(words) ? "emoji" : "text",
    text: isEmoji(words) ? words.trim() : words,
    replyTo: desk.replyingTo.value?.id ?? null,
    mentions: mentionedIn(words, members),
  });
}

/** Whom one answers, or what one changes. @param {{conversation: Conversation, desk: Desk, onLeave: () => void}} properties */
function About({ conversation, desk, onLeave }) {
  const message = desk.editing.value ?? desk.replyingTo.value;
  if (message === null) return null;
  const name = nameOf(conversation.faces.of(message.sender));
  return html`<div class="composer-about">
    <div class="quote-still">
      <span class="quote-name">${desk.editing.value === null ? text("chat.replying_to", { name }) : text("chat.editing")}</span>
      <span class="quote-words" dir="auto">${gistOf(message)}</span>
    </div>
    <button type="button" class="bubble-more" aria-label=${text("action.cancel")} onClick=${onLeave}><${Icon} name="close" /></button>
  </div>`;
}

/**
 * What was begun is there again after a reload; what is edited stands in the field until it is done.
 *
 * @param {Conversation} conversation @param {Desk} desk
 * @param {import("@preact/signals").Signal<string>} words
 * @param {{current: HTMLTextAreaElement | null}} field
 */
function useDraft(conversation, desk, words, field) {
  const { keeping } = conversation;
  const editing = desk.editing.value;
  useEffect(() => {
    const { replyTo } = keeping.draft();
    if (replyTo !== null) desk.replyingTo.value = conversation.history.messages.value.find((one) => one.id === replyTo) ?? null;
  }, [conversation]);
  useEffect(() => {
    if (editing !== null) words.value = editing.text;
    else words.value = keeping.draft().text;
    if (editing !== null) field.current?.focus();
  }, [editing]);
  useEffect(() => {
    if (desk.replyingTo.value !== null) field.current?.focus();
  }, [desk.replyingTo.value]);
  useEffect(() => {
    if (editing === null) keepDraft(conversation, desk, words.value);
  }, [words.value, desk.replyingTo.value]);
}

/** @param {Conversation} conversation @param {Desk} desk @param {string} text */
const keepDraft = (conversation, desk, text) =>
  conversation.keeping.keepDraft({ text, replyTo: desk.replyingTo.value?.id ?? null });

/** As high as what stands in it. @param {{current: HTMLTextAreaElement | null}} field @param {string} words */
function useHeight(field, words) {
  useLayoutEffect(() => {
    const style = field.current?.style;
    if (field.current === null || style === undefined) return;
    style.setProperty("height", "auto");
    style.setProperty("height", `${Math.min(field.current.scrollHeight, HIGHEST_PX)}px`);
  }, [words]);
}
