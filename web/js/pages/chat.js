/** A chat of its own: one's conversations beside the messages of one of them. */

import { signal } from "@preact/signals";
import { callPage, chatPage, pages, withNext } from "../addresses.js";
import { surroundings } from "../call/surroundings.js";
import { Inbox } from "../chat/inbox.js";
import { talks } from "../chats.js";
import { errorText, text } from "../i18n.js";
import { RoomLine } from "../protocol/room-line.js";
import { roomOf } from "../rooms.js";
import { me } from "../session.js";
import { ButtonLink } from "../ui/button.js";
import { Chat } from "../ui/chat/chat.js";
import { conversationIn } from "../ui/chat/opened.js";
import { html } from "../ui/html.js";
import { Notice } from "../ui/notice.js";
import { listen } from "../ui/own-line.js";
import { open } from "../ui/shell.js";
import { Head } from "./chat/head.js";
import { SideList } from "./chat/side-list.js";

/** @typedef {import("../chat/conversation.js").Conversation} Conversation */
/** @typedef {import("../rooms.js").Room} Room */

/**
 * @typedef {{at: "chat", room: Room, conversation: Conversation, stay: RoomLine}
 *   | {at: "failed", id: string, error: unknown} | {at: "loading", id: string}} Place
 */

const inbox = new Inbox(talks, surroundings());
const place = signal(/** @type {Place} */ ({ at: "loading", id: roomInAddress() }));
/** On a telephone, one of the two fills the screen. */
const isListShown = signal(false);

/** @returns {string} */
function roomInAddress() {
  return decodeURIComponent(location.pathname.split("/")[2] ?? "");
}

/** @param {string} id */
async function enter(id) {
  leave();
  place.value = { at: "loading", id };
  try {
    const room = await roomOf(id);
    const stay = new RoomLine(id, surroundings(), { reading: true });
    const conversation = conversationIn(room, me.value?.id ?? "", stay);
    stay.open();
    await conversation.begin();
    if (roomInAddress() === id) place.value = { at: "chat", room, conversation, stay };
    else stay.leave();
  } catch (error) {
    place.value = { at: "failed", id, error };
  }
}

function leave() {
  const now = place.peek();
  if (now.at !== "chat") return;
  now.conversation.end();
  now.stay.leave();
}

/** @param {{room: string}} talk */
function go({ room }) {
  isListShown.value = false;
  if (room === roomInAddress()) return;
  history.pushState(null, "", chatPage(room));
  enter(room);
}

addEventListener("popstate", () => enter(roomInAddress()));
addEventListener("online", () => {
  if (place.value.at === "chat") place.value.stay.line.doubt();
});

function ChatPage() {
  const now = place.value;
  const id = now.at === "chat" ? now.room.id : now.id;
  return html`<div class="chat-page ${isListShown.value ? "chat-page-list" : ""}">
    <${SideList} inbox=${inbox} current=${id} onOpen=${go} />
    ${now.at === "chat" && html`<${Chat}
      conversation=${now.conversation}
      head=${(/** @type {import("../ui/chat/desk.js").Desk} */ desk) => html`<${Head} room=${now.room} conversation=${now.conversation} desk=${desk} onBack=${() => (isListShown.value = true)} />`}
    />`}
    ${now.at === "loading" && html`<section class="chat" aria-busy="true"><span class="unseen">${text("loading")}</span></section>`}
    ${now.at === "failed" && html`<${Failed} id=${now.id} error=${now.error} />`}
  </div>`;
}

/** @param {{id: string, error: unknown}} properties */
function Failed({ id, error }) {
  return html`<section class="chat chat-failed">
    <div class="stack">
      <h1 class="page-title">${text("chat.not_here")}</h1>
      <${Notice} kind="danger">${errorText(error)}</${Notice}>
      <p class="lead">${text("chat.not_here_words")}</p>
      <div class="row">
        <${ButtonLink} kind="primary" href=${callPage(id)}>${text("chat.to_door")}</${ButtonLink}>
        <${ButtonLink} href=${pages.entry}>${text("action.to_start")}</${ButtonLink}>
      </div>
    </div>
  </section>`;
}

/** The first drawing has both, so that nothing moves. */
async function prepare() {
  await Promise.all([enter(roomInAddress()), inbox.look().catch(() => {})]);
  listen((told) => inbox.hear(told), () => inbox.lookSoon());
}

open({
  title: "chat.title",
  content: ChatPage,
  elsewhere: (profile) => (profile === null ? withNext(pages.login, location.pathname) : null),
  prepare,
  fills: true,
});
