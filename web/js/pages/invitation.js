/** Where an invitation leads: what it is for, and two ways in, as a guest or with an account. */

import { useState } from "preact/hooks";
import { callPage, pages, withNext } from "../addresses.js";
import { ApiError } from "../api.js";
import { distance, errorText, moment, text } from "../i18n.js";
import { acceptInvitation, lookAtInvitation, myRooms, roomOf } from "../rooms.js";
import { calledName, enterAsGuest, me, signOut, whoAmI } from "../session.js";
import { Button, ButtonLink } from "../ui/button.js";
import { CodeForm } from "../ui/code-form.js";
import { TextField } from "../ui/field.js";
import { Form, Submit } from "../ui/form.js";
import { html } from "../ui/html.js";
import { NotYet, useDeed, useLoaded } from "../ui/loaded.js";
import { Notice } from "../ui/notice.js";
import { open } from "../ui/shell.js";

/** @typedef {import("../rooms.js").InvitationFace} Face */
/** @typedef {import("../session.js").Profile} Profile */

const code = decodeURIComponent(location.pathname.split("/")[2] ?? "");

const LEADS_NOWHERE = new Set(["not_found", "invitation_spent"]);

/** @returns {Promise<{face: Face, belongs: boolean}>} */
async function look() {
  const face = await lookAtInvitation(code);
  const rooms = me.value === null ? [] : await myRooms();
  return { face, belongs: rooms.some((room) => room.id === face.room) };
}

function Invitation() {
  const { thing, failure, again } = useLoaded(look);
  const [inside, setInside] = useState(false);
  if (thing === null) {
    const isNowhere = failure instanceof ApiError && LEADS_NOWHERE.has(failure.code);
    return isNowhere
      ? html`<${Nowhere} failure=${failure} />`
      : html`<${Framed}><${NotYet} failure=${failure} again=${again} rows=${3} /></${Framed}>`;
  }
  const profile = me.value;
  if (profile !== null && (inside || thing.belongs)) {
    return html`<${Inside} face=${thing.face} profile=${profile} />`;
  }
  const entered = () => lookInside(thing.face.room, () => setInside(true));
  return html`<${Door} face=${thing.face} profile=${profile} onEntered=${entered} />`;
}

/** Whoever has to wait at the door does so on the call's page. @param {string} room @param {() => void} onInside */
const lookInside = (room, onInside) => roomOf(room).then(onInside, () => location.assign(callPage(room)));

/** @param {{children: import("../ui/html.js").Children}} properties */
const Framed = ({ children }) =>
  html`<div class="narrow"><section class="card card-door">${children}</section></div>`;

/** @param {{failure: ApiError}} properties */
function Nowhere({ failure }) {
  const why = failure.code === "invitation_spent" ? errorText(failure) : text("invitation.unknown");
  return html`<${Framed}>
    <h1 class="page-title">${text("invitation.nowhere")}</h1>
    <p class="lead">${why}</p>
    <${CodeForm} />
  </${Framed}>`;
}

/** @param {{face: Face, profile: Profile | null, onEntered: () => void}} properties */
function Door({ face, profile, onEntered }) {
  const isMember = profile !== null && profile.role !== "guest";
  return html`<${Framed}>
    <header>
      <p class="fine">${text("invitation.you_are_invited")}</p>
      <h1 class="page-title room-title-large">${face.title}</h1>
      <p class="fine">
        <span title=${moment(face.expires_at)}>
          ${text("invitation.ends", { when: distance(face.expires_at, Date.now()) })}
        </span>
      </p>
    </header>
    ${isMember
      ? html`<${AsMember} face=${face} profile=${profile} onEntered=${onEntered} />`
      : html`<${AsGuest} face=${face} onEntered=${onEntered} />`}
  </${Framed}>`;
}

/** @param {{face: Face, onEntered: () => void}} properties */
function AsGuest({ face, onEntered }) {
  /** @param {Record<string, string>} values */
  const submit = async ({ name = "", pin = "" }) => {
    await enterAsGuest(name.trim(), code, pin);
    await whoAmI();
    onEntered();
  };
  return html`
    <${Form} onSubmit=${submit} blame=${{ wrong_pin: "pin", name_refused: "name" }}>
      ${(/** @type {(field: string) => string | null} */ about) => html`
        <${TextField}
          name="name" label=${text("invitation.name")} hint=${text("invitation.name_hint")} required
          maxLength=${64} autocomplete="nickname" error=${about("name")}
        />
        ${face.needs_pin && html`<${PinField} error=${about("pin")} />`}
        <${Submit} wide>${text("invitation.enter_as_guest")}</${Submit}>
      `}
    </${Form}>
    <p class="divider">${text("invitation.or")}</p>
    <div class="row row-centred">
      <${ButtonLink} href=${withNext(pages.login, location.pathname)}>${text("action.sign_in")}</${ButtonLink}>
      <${ButtonLink} kind="quiet" href=${withNext(pages.register, location.pathname)}>${text("action.make_account")}</${ButtonLink}>
    </div>
  `;
}

/** @param {{face: Face, profile: Profile, onEntered: () => void}} properties */
function AsMember({ face, profile, onEntered }) {
  const leaving = useDeed(signOut);
  /** @param {Record<string, string>} values */
  const submit = async ({ pin = "" }) => {
    await acceptInvitation(code, pin);
    onEntered();
  };
  return html`
    <${Form} onSubmit=${submit} blame=${{ wrong_pin: "pin" }}>
      ${(/** @type {(field: string) => string | null} */ about) => html`
        ${face.needs_pin && html`<${PinField} error=${about("pin")} />`}
        <${Submit} wide>${text("invitation.enter_as", { name: calledName(profile) })}</${Submit}>
      `}
    </${Form}>
    <div class="row row-centred">
      <${Button} kind="quiet" busy=${leaving.busy} onClick=${leaving.run}>${text("invitation.not_you")}</${Button}>
    </div>
    ${leaving.failure !== null && html`<${Notice} kind="danger">${errorText(leaving.failure)}</${Notice}>`}
  `;
}

/** @param {{error: string | null}} properties */
function PinField({ error }) {
  return html`<${TextField}
    name="pin" label=${text("pin.label")} hint=${text("invitation.pin_hint")} required
    maxLength=${12} inputMode="numeric" pattern="[0-9]*" autocomplete="off" error=${error}
  />`;
}

/** @param {{face: Face, profile: Profile}} properties */
function Inside({ face, profile }) {
  return html`<${Framed}>
    <header>
      <p class="fine">${text("invitation.inside_as", { name: calledName(profile) })}</p>
      <h1 class="page-title room-title-large">${face.title}</h1>
    </header>
    <div role="status">
      <${Notice} kind="success">${text("invitation.inside")}</${Notice}>
    </div>
    <div class="row">
      <${ButtonLink} kind="primary" href=${callPage(face.room)}>${text("lobby.join")}</${ButtonLink}>
      <${ButtonLink} href=${pages.entry}>${text("action.to_rooms")}</${ButtonLink}>
      <${ButtonLink} kind="quiet" href=${pages.me}>${text("shell.my_profile")}</${ButtonLink}>
    </div>
  </${Framed}>`;
}

open({ title: "invitation.title", content: Invitation });
