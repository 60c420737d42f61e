/** What somebody sees who is signed in: their rooms, and how to make, fill and enter one. */

import { useState } from "preact/hooks";
import { callPage, chatPage, pages } from "../../addresses.js";
import { counted, errorText, moment, text } from "../../i18n.js";
import { isOfTwo, makeRoom, mayInvite, myRooms, roomIn } from "../../rooms.js";
import { calledName } from "../../session.js";
import { Button, ButtonLink } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { CodeForm } from "../../ui/code-form.js";
import { ChoiceField, TextField } from "../../ui/field.js";
import { Form, Submit } from "../../ui/form.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { NotYet, useDeed, useLoaded } from "../../ui/loaded.js";
import { Notice } from "../../ui/notice.js";
import { announce } from "../../ui/toast.js";
import { InviteDialog } from "./invite.js";
import { MeetCard } from "./meet-card.js";
import { TalksCard } from "./talks-card.js";

/** @typedef {import("../../rooms.js").Room} Room */
/** @typedef {import("../../session.js").Profile} Profile */

const NEW_CALL_PLACES = 50;

/**
 * @param {{profile: Profile, known: Room[] | null, inbox: import("../../chat/inbox.js").Inbox}} properties
 *   `known` if they were asked for
 */
export function Home({ profile, known, inbox }) {
  const rooms = useLoaded(myRooms, [], known);
  const [inviting, setInviting] = useState(/** @type {Room | null} */ (null));
  const isGuest = profile.role === "guest";
  const made = (/** @type {Room} */ room) => {
    announce(text("room.made", { title: room.title }));
    rooms.put([room, ...(rooms.thing ?? [])]);
    setInviting(room);
  };
  return html`
    <div class="page-head">
      <h1 class="page-title">${text("home.title", { name: calledName(profile) })}</h1>
      <p class="lead">${text(isGuest ? "home.lead_guest" : "home.lead")}</p>
    </div>
    <div class="columns">
      <div class="stack">
        <${TalksCard} inbox=${inbox} />
        <${Card} title=${text("home.rooms")}>
          <${RoomList} rooms=${rooms} onInvite=${isGuest ? null : setInviting} />
        </${Card}>
      </div>
      <div class="stack">
        ${!isGuest && html`<${MeetCard} rooms=${rooms.thing ?? []} />`}
        <${CallCard} isGuest=${isGuest} />
        ${isGuest ? html`<${GuestCard} />` : html`<${NewRoomCard} onMade=${made} />`}
        <${Card} title=${text("code.title")} lead=${text("code.lead")}><${CodeForm} /></${Card}>
      </div>
    </div>
    ${inviting && html`<${InviteDialog} room=${inviting} onClose=${() => setInviting(null)} />`}
  `;
}

/**
 * @param {{
 *   rooms: import("../../ui/loaded.js").Loaded<Room[]>, onInvite: ((room: Room) => void) | null,
 * }} properties `onInvite` is null for guests, who cannot
 */
function RoomList({ rooms, onInvite }) {
  if (rooms.thing === null) return html`<${NotYet} ...${rooms} rows=${3} />`;
  // Those of two are among the conversations, by the name of the other one.
  const shown = rooms.thing.filter((room) => !isOfTwo(room));
  if (shown.length === 0) {
    return html`<div class="empty">
      <${Icon} name="door" />
      <p><strong>${text("home.no_rooms")}</strong></p>
      <p class="lead">${text("home.no_rooms_words")}</p>
    </div>`;
  }
  return html`
    <ul class="rooms">
      ${shown.map((room) => html`<${RoomRow} key=${room.id} room=${room} onInvite=${onInvite} />`)}
    </ul>
  `;
}

/** @param {{room: Room, onInvite: ((room: Room) => void) | null}} properties */
function RoomRow({ room, onInvite }) {
  return html`<li class="room">
    <div class="room-words">
      <h3 class="room-title">${room.title}</h3>
      <p class="fine dotted">
        ${room.title !== room.id && html`<code>${room.id}</code>`}
        <span>${text(`room.kind.${room.kind}`)}</span>
        <span>${counted("room.capacity", room.capacity)}</span>
        <span>${text("room.since", { when: moment(room.created_at) })}</span>
      </p>
    </div>
    <div class="row">
    <${ButtonLink} kind="primary" href=${callPage(room.id)} label=${text("call.of", { title: room.title })}>
      <${Icon} name="phone" />${text("call.action")}
    </${ButtonLink}>
    <${ButtonLink} href=${chatPage(room.id)} label=${text("chat.of", { title: room.title })}>
      <${Icon} name="chat" />${text("chat.title")}
    </${ButtonLink}>
    ${onInvite &&
    mayInvite(room) &&
    html`<${Button} label=${text("invite.to", { title: room.title })} onClick=${() => onInvite(room)}>
      <${Icon} name="people" />${text("invite.action")}
    </${Button}>`}
    </div>
  </li>`;
}

/** @param {{onMade: (room: Room) => void}} properties */
function NewRoomCard({ onMade }) {
  /**
   * @param {Record<string, string>} values
   * @param {HTMLFormElement} form
   */
  const submit = async ({ title = "", kind, capacity }, form) => {
    const wanted = kind === "group" ? "group" : "meeting";
    onMade(await makeRoom(title.trim(), wanted, Number(capacity)));
    form.reset();
  };
  return html`<${Card} title=${text("room.new")} lead=${text("room.new_lead")}>
    <${Form} onSubmit=${submit}>
      ${() => html`
        <${TextField}
          name="title" label=${text("room.title")} maxLength=${120} autocomplete="off"
          hint=${text("room.title_hint")}
        />
        <div class="fields">
          <${ChoiceField}
            name="kind" label=${text("room.kind")} value="meeting"
            choices=${[["meeting", text("room.kind.meeting")], ["group", text("room.kind.group")]]}
          />
          <${TextField}
            name="capacity" label=${text("room.seats")} type="number" inputMode="numeric" min=${1}
            max=${1000} value="50" required
          />
        </div>
        <${Submit}><${Icon} name="plus" />${text("room.make")}</${Submit}>
      `}
    </${Form}>
  </${Card}>`;
}

/** Start a call at once, or join one by its link. @param {{isGuest: boolean}} properties */
function CallCard({ isGuest }) {
  const [wrong, setWrong] = useState(false);
  const starting = useDeed(async () => {
    const room = await makeRoom("", "meeting", NEW_CALL_PLACES);
    location.assign(callPage(room.id));
  });
  /** @param {Record<string, string>} values */
  const go = async ({ call = "" }) => {
    const room = roomIn(call);
    setWrong(room === null);
    if (room !== null) location.assign(callPage(room));
  };
  return html`<${Card} title=${text("home.new_call")} lead=${isGuest ? "" : text("home.new_call_lead")}>
    <div class="stack">
      ${!isGuest &&
      html`<div><${Button} kind="primary" busy=${starting.busy} onClick=${starting.run}><${Icon} name="phone" />${text("home.new_call")}</${Button}></div>`}
      ${starting.failure !== null && html`<${Notice} kind="danger">${errorText(starting.failure)}</${Notice}>`}
      <${Form} onSubmit=${go}>
        ${() => html`
          <${TextField}
            name="call" label=${text("home.join_label")} hint=${text("home.join_hint")} required autocomplete="off"
            spellcheck=${false} autocapitalize="none" error=${wrong ? text("home.join_wrong") : null}
          />
          <${Submit} kind="soft">${text("home.join")}</${Submit}>
        `}
      </${Form}>
    </div>
  </${Card}>`;
}

function GuestCard() {
  return html`<${Card} title=${text("guest.title")} lead=${text("guest.words")}>
    <${ButtonLink} kind="primary" href=${pages.register}>${text("action.make_account")}</${ButtonLink}>
  </${Card}>`;
}
