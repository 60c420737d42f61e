/** The messages of a room, one below the other; more come at both ends, and nothing jumps. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { rowsOf } from "../../chat/rows.js";
import { counted, day, text } from "../../i18n.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { nameOf } from "./avatar-with-state.js";
import { Bubble } from "./bubble.js";
import { PendingBubble } from "./pending-bubble.js";
import { gistOf } from "./quote.js";
import { useScrolling } from "./scrolling.js";

/** @typedef {import("../../chat/conversation.js").Conversation} Conversation */
/** @typedef {import("../../chat/messages.js").Message} Message */
/** @typedef {import("./desk.js").Desk} Desk */

/** @param {{conversation: Conversation, desk: Desk}} properties */
export function Log({ conversation, desk }) {
  const { history, outbox, identity, unread } = conversation;
  const messages = history.messages.value;
  const rows = useMemo(() => rowsOf(messages, unread.value, identity), [messages, unread.value]);
  const pending = history.hasNewer.value ? [] : outbox.entries.value;
  const { log, isAtEnd, toEnd } = useScrolling(history, desk, pending.length);
  useReading(conversation, isAtEnd);
  const unseen = useUnseen(conversation, isAtEnd);
  return html`<div class="log-frame">
    <div class="log" ref=${log} tabindex="0" role="region" aria-label=${text("chat.messages")}>
      ${rows.length === 0 && pending.length === 0 && html`<${Nothing} />`}
      <ol class="messages" onKeyDown=${moveFocus}>
        ${rows.map((row) => {
          if (row.kind === "day") return html`<li key=${row.key} class="day-line"><span>${day(row.at)}</span></li>`;
          if (row.kind === "unread") return html`<li key=${row.key} class="unread-line"><span>${text("chat.unread_line")}</span></li>`;
          return html`<${Bubble} key=${row.key} message=${row.message} isFirst=${row.isFirst} conversation=${conversation} desk=${desk} />`;
        })}
        ${pending.map((entry) => html`<${PendingBubble} key=${`${identity}/${entry.clientId}`} entry=${entry} conversation=${conversation} />`)}
      </ol>
    </div>
    ${!isAtEnd &&
    html`<button type="button" class="to-end" onClick=${toEnd}>
      <${Icon} name="down" />${unseen > 0 ? counted("chat.unseen", unseen) : html`<span class="unseen">${text("chat.to_newest")}</span>`}
    </button>`}
    <${Spoken} conversation=${conversation} />
  </div>`;
}

function Nothing() {
  return html`<div class="empty log-empty">
    <${Icon} name="chat" />
    <p><strong>${text("chat.nothing_yet")}</strong></p>
    <p class="lead">${text("chat.nothing_words")}</p>
  </div>`;
}

/** Up and down lead from message to message. @param {KeyboardEvent & {currentTarget: HTMLElement}} event */
function moveFocus(event) {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (step === undefined || !(event.target instanceof HTMLElement) || !event.target.matches(".bubble-more")) return;
  const all = [...event.currentTarget.querySelectorAll(".bubble-more")];
  const next = all[all.indexOf(event.target) + step];
  if (!(next instanceof HTMLElement)) return;
  event.preventDefault();
  next.focus();
}

/** What is on the screen of somebody who looks is read. @param {Conversation} conversation @param {boolean} isAtEnd */
function useReading(conversation, isAtEnd) {
  const last = conversation.history.messages.value.at(-1)?.sequence ?? null;
  const isUp = conversation.isUp.value;
  useEffect(() => {
    const look = () => {
      if (last !== null && isAtEnd && document.visibilityState === "visible" && document.hasFocus()) conversation.read(last);
    };
    look();
    document.addEventListener("visibilitychange", look);
    addEventListener("focus", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      removeEventListener("focus", look);
    };
  }, [conversation, last, isAtEnd, isUp]);
}

/** How many came while somebody looked at older ones. @param {Conversation} conversation @param {boolean} isAtEnd */
function useUnseen(conversation, isAtEnd) {
  const [count, setCount] = useState(0);
  useEffect(() => {
    setCount(0);
    if (isAtEnd) return;
    let isFirst = true;
    return conversation.arrived.subscribe(() => {
      if (!isFirst) setCount((before) => before + 1);
      isFirst = false;
    });
  }, [conversation, isAtEnd]);
  return count;
}

// Many messages within a moment are said as one sentence.
const BATCH_MS = 1500;

/** What others say, read out once for all that came at about the same time. @param {{conversation: Conversation}} properties */
function Spoken({ conversation }) {
  const [words, setWords] = useState("");
  const batch = useRef(/** @type {Message[]} */ ([]));
  useEffect(() => {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const say = () => {
      const [first] = batch.current;
      const count = batch.current.length;
      batch.current = [];
      if (first === undefined) return;
      const name = nameOf(conversation.faces.of(first.sender));
      setWords(count === 1 ? `${name}: ${gistOf(first)}` : counted("chat.unseen", count));
    };
    const before = conversation.arrived.peek();
    const stop = conversation.arrived.subscribe((message) => {
      if (message === null || message === before) return;
      batch.current.push(message);
      clearTimeout(timer);
      timer = setTimeout(say, BATCH_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [conversation]);
  return html`<p class="unseen" aria-live="polite">${words}</p>`;
}
