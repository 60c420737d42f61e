/** One's conversations: with whom, the last line, how much is unread. */

import { chatPage } from "../../addresses.js";
import { counted, day, text, timeOfDay } from "../../i18n.js";
import { me } from "../../session.js";
import { Avatar } from "../avatar.js";
import { html } from "../html.js";
import { AvatarWithState } from "./avatar-with-state.js";
import { gistOf } from "./quote.js";

/** @typedef {import("../../chats.js").Talk} Talk */

/** @param {Talk} talk what it is called */
export const titleOf = ({ title, partner_name }) => partner_name ?? title;

/** @param {{talks: readonly Talk[], current?: string, onOpen?: (talk: Talk) => void}} properties `onOpen` instead of another page */
export function Talks({ talks, current, onOpen }) {
  return html`<ul class="talks">
    ${talks.map((talk) => html`<${TalkRow} key=${talk.room} talk=${talk} isCurrent=${talk.room === current} onOpen=${onOpen} />`)}
  </ul>`;
}

/** @param {{talk: Talk, isCurrent: boolean, onOpen?: (talk: Talk) => void}} properties */
function TalkRow({ talk, isCurrent, onOpen }) {
  const open = (/** @type {MouseEvent} */ event) => {
    // Another tab is another tab.
    if (onOpen === undefined || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    onOpen(talk);
  };
  const title = titleOf(talk);
  return html`<li>
    <a class="talk ${talk.unread > 0 ? "talk-unread" : ""}" href=${chatPage(talk.room)} aria-current=${isCurrent ? "page" : undefined} onClick=${open}>
      <${TalkPicture} talk=${talk} />
      <span class="talk-title" dir="auto">${title}</span>
      ${talk.last !== null && html`<time class="talk-time" datetime=${talk.last.posted_at}>${shortly(talk.last.posted_at)}</time>`}
      <span class="talk-last" dir="auto">${talk.last === null ? text("talks.nothing_yet") : lineOf(talk.last)}</span>
      ${talk.unread > 0 &&
      html`<span class="talk-count ${talk.mentions > 0 ? "talk-mentioned" : ""}">
        <span aria-hidden="true">${talk.mentions > 0 ? "@" : ""}${talk.unread}</span>
        <span class="unseen">${counted("talks.unread", talk.unread)}${talk.mentions > 0 ? ` ${text("talks.mentioned")}` : ""}</span>
      </span>`}
    </a>
  </li>`;
}

/** The other one, and whether they are there; a room of many has a letter only. @param {{talk: Talk}} properties */
export function TalkPicture({ talk }) {
  const face = { id: talk.partner ?? talk.room, name: titleOf(talk), nickname: "", avatar: talk.partner_avatar };
  if (talk.partner_status === null) return html`<${Avatar} profile=${face} size="small" />`;
  return html`<${AvatarWithState} face=${{ ...face, status: talk.partner_status }} />`;
}

/** @param {import("../../chat/messages.js").Message} message */
const lineOf = (message) =>
  message.sender === me.value?.id ? text("talks.own", { words: gistOf(message) }) : gistOf(message);

/** @param {string} iso the time of today, or else the day */
function shortly(iso) {
  const isToday = new Date(iso).toDateString() === new Date().toDateString();
  return isToday ? timeOfDay(iso) : day(iso);
}
