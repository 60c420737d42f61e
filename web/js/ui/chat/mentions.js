/** Names to choose from while somebody writes the beginning of one. */

import { useEffect, useId, useState } from "preact/hooks";
import { mentionBegun } from "../../chat/words.js";
import { text } from "../../i18n.js";
import { Avatar } from "../avatar.js";
import { html } from "../html.js";
import { nameOf } from "./avatar-with-state.js";

/** @typedef {import("../../chat/faces.js").Face} Face */
/** @typedef {ReturnType<typeof useMentions>} Choice */

const MOST = 6;

/**
 * @param {import("../../chat/conversation.js").Conversation} conversation
 * @param {import("@preact/signals").Signal<string>} words
 * @param {{current: HTMLTextAreaElement | null}} field
 */
export function useMentions({ faces, identity }, words, field) {
  const id = useId();
  const [at, setAt] = useState(0);
  const [isHidden, setHidden] = useState(false);
  const cursor = field.current?.selectionStart ?? words.value.length;
  const begun = isHidden ? null : mentionBegun(words.value.slice(0, cursor));
  useEffect(() => {
    setAt(0);
    setHidden(false);
  }, [words.value]);
  const found = begun === null ? [] : faces.members.value
    .filter((one) => one.user !== identity && (one.nickname || one.name).toLocaleLowerCase().startsWith(begun.toLocaleLowerCase()))
    .slice(0, MOST)
    .map((one) => faces.of(one.user));

  const choose = (/** @type {Face} */ face) => {
    const start = cursor - (begun ?? "").length;
    words.value = `${words.value.slice(0, start)}${nameOf(face)} ${words.value.slice(cursor)}`;
    field.current?.focus();
  };
  /** @param {KeyboardEvent} event @returns {boolean} whether it was meant for the list */
  const press = (event) => {
    const chosen = found[at];
    if (chosen === undefined) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) setAt((at + step + found.length) % found.length);
    else if (event.key === "Enter" || event.key === "Tab") choose(chosen);
    else if (event.key === "Escape") setHidden(true);
    else return false;
    event.preventDefault();
    return true;
  };
  return { id, at, found, choose, press };
}

/** @param {{mentions: Choice}} properties */
export function Mentions({ mentions }) {
  const { id, at, found, choose } = mentions;
  if (found.length === 0) return null;
  return html`<ul class="mentions" id=${id} role="listbox" aria-label=${text("chat.mention")}>
    ${found.map(
      (face, index) => html`<li key=${face.id} id=${`${id}-${index}`} role="option" aria-selected=${index === at ? "true" : "false"} class="mention-choice" onClick=${() => choose(face)}>
        <${Avatar} profile=${face} size="small" />${nameOf(face)}
      </li>`,
    )}
  </ul>`;
}
