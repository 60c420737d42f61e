/** Who is there, who waits at the door, and what a moderator may do. */

import { useEffect, useState } from "preact/hooks";
import { challenge, endCall } from "../../calls.js";
import { counted, errorText, text } from "../../i18n.js";
import { admit, admitAll, ban, deny, handOver, makeWait, sendAway, setLocked, setRole, setWaitingRoom, silence } from "../../moderation.js";
import { askForProof, proofOf } from "../../proofs.js";
import { mayInvite } from "../../rooms.js";
import { InviteDialog } from "../entry/invite.js";
import { presentIn } from "../../call/roster.js";
import { Avatar } from "../../ui/avatar.js";
import { Button } from "../../ui/button.js";
import { Check } from "../../ui/check.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { useDeed } from "../../ui/loaded.js";
import { Notice } from "../../ui/notice.js";
import { ProofWords } from "../../ui/proof-mark.js";
import { announce } from "../../ui/toast.js";
import { useWaiting } from "./waiting.js";

/** @typedef {import("../../call/in-call.js").InCall} InCall */
/** @typedef {import("../../call/roster.js").Person} Person */
/** @typedef {import("../../rooms.js").Room} Room */

/** @param {{room: Room, call: InCall, onClose: () => void}} properties */
export function PeoplePanel({ room, call, onClose }) {
  const people = presentIn(call.roster.value);
  const [inviting, setInviting] = useState(false);
  const moderates = call.rights.value.moderate === true;
  return html`
    <header class="panel-head">
      <h2 class="card-title">${text("panel.people")}</h2>
      <button type="button" class="round" aria-label=${text("action.close")} onClick=${onClose}><${Icon} name="close" /></button>
    </header>
    <div class="panel-body">
      ${moderates && html`<${AtTheDoor} room=${room} call=${call} />`}
      ${mayInvite(room) &&
      html`<${Button} kind="primary" wide onClick=${() => setInviting(true)}><${Icon} name="plus" />${text("invite.action")}</${Button}>`}
      <ul class="people">
        ${people.map((person) => html`<${PersonRow} key=${person.identity} person=${person} room=${room} call=${call} moderates=${moderates} />`)}
      </ul>
      ${moderates && html`<${RoomDoor} room=${room} call=${call} />`}
      ${inviting && html`<${InviteDialog} room=${room} onClose=${() => setInviting(false)} />`}
    </div>
  `;
}

/** @param {{person: Person, room: Room, call: InCall, moderates: boolean}} properties */
function PersonRow({ person, room, call, moderates }) {
  const [isOpen, setOpen] = useState(false);
  const isMe = person.identity === call.identity;
  const proof = proofOf(call.proofs.value, call.room, person.identity);
  const profile = { id: person.identity, name: person.name, nickname: person.name, avatar: null };
  return html`<li class="person">
    <div class="person-row">
      <${Avatar} profile=${profile} size="small" />
      <div class="person-words">
        <span class="person-name">${isMe ? text("tile.self", { name: person.name }) : person.name}</span>
        ${["owner", "moderator"].includes(person.role) && html`<span class="fine">${text(`role.${person.role}`)}</span>`}
        ${proof !== null && html`<${ProofWords} proof=${proof} />`}
      </div>
      <span class="person-signs">
        ${person.hand && html`<span class="tile-hand"><${Icon} name="hand" /><span class="unseen">${text("tile.hand")}</span></span>`}
        <${Sign} isOn=${person.microphone} icon="microphone" />
        <${Sign} isOn=${person.camera} icon="camera" />
      </span>
      ${moderates && !isMe &&
      html`<button type="button" class="round" aria-expanded=${isOpen ? "true" : "false"} aria-label=${text("moderate.open", { name: person.name })} onClick=${() => setOpen(!isOpen)}>
        <${Icon} name="more" />
      </button>`}
    </div>
    ${isOpen && html`<${Moderating} person=${person} room=${room} call=${call} />`}
  </li>`;
}

/** @param {{isOn: boolean, icon: "microphone" | "camera"}} properties */
function Sign({ isOn, icon }) {
  return html`<span class=${isOn ? "sign" : "sign sign-off"}>
    <${Icon} name=${isOn ? icon : `${icon}-off`} /><span class="unseen">${text(`sign.${icon}.${isOn ? "on" : "off"}`)}</span>
  </span>`;
}

const KINDS = /** @type {const} */ (["light", "motion", "code"]);

/** @param {{person: Person, room: Room, call: InCall}} properties */
function Moderating({ person, room, call }) {
  const { identity, silenced } = person;
  const toggled = (/** @type {string} */ source) =>
    silenced.includes(source) ? silenced.filter((one) => one !== source) : [...silenced, source];
  const isOwner = call.me.value?.role === "owner";
  const isGuest = person.role === "guest";
  return html`<div class="moderating">
    <${Deed} words=${text(silenced.includes("microphone") ? "moderate.unmute" : "moderate.mute")} act=${() => silence(room.id, identity, toggled("microphone"))} />
    <${Deed} words=${text(silenced.includes("camera") ? "moderate.unstop" : "moderate.stop")} act=${() => silence(room.id, identity, toggled("camera"))} />
    ${isOwner && !isGuest &&
    html`<${Deed}
      words=${text(person.role === "moderator" ? "moderate.member" : "moderate.moderator")}
      act=${() => setRole(room.id, identity, person.role === "moderator" ? "member" : "moderator")}
    />`}
    ${isOwner && !isGuest && html`<${Deed} words=${text("moderate.hand_over")} act=${() => handOver(room.id, identity)} />`}
    ${call.detection.value?.runs &&
    KINDS.map((kind) => html`<${Deed} key=${kind} words=${text(`moderate.challenge_${kind}`)} act=${() => challenge(call.call.value?.id ?? "", identity, kind)} />`)}
    <${Deed} words=${text("moderate.proof")} act=${() => askForProof(call.call.value?.id ?? "", identity)} />
    <${Deed} kind="danger" words=${text("moderate.wait")} act=${() => makeWait(room.id, identity)} />
    <${Deed} kind="danger" words=${text("moderate.remove")} act=${() => sendAway(room.id, identity)} />
    <${Deed} kind="danger" words=${text("moderate.ban")} act=${() => ban(room.id, identity)} />
  </div>`;
}

/** @param {{words: string, act: () => Promise<unknown>, kind?: "soft" | "danger" | "primary"}} properties */
function Deed({ words, act, kind = "soft" }) {
  const { busy, failure, run } = useDeed(async () => void (await act()));
  return html`<div class="deed">
    <${Button} kind=${kind} busy=${busy} onClick=${run}>${words}</${Button}>
    ${failure !== null && html`<${Notice} kind="danger">${errorText(failure)}</${Notice}>`}
  </div>`;
}

/** Who waits to be let in; read anew whenever the room's stream tells of the door. @param {{room: Room, call: InCall}} properties */
function AtTheDoor({ room, call }) {
  const waiting = useWaiting(room, call);
  if (waiting.length === 0) return null;
  return html`<section class="door" aria-label=${text("door.waiting")}>
    <h3 class="part-title">${counted("door.waiting_count", waiting.length)}</h3>
    <ul class="people">
      ${waiting.map(
        (one) => html`<li key=${one.user} class="person person-row">
          <span class="person-words"><span class="person-name">${one.nickname || one.name}</span>${one.moved_because !== null && html`<span class="fine">${text("door.moved")}</span>`}</span>
          <${Deed} kind="primary" words=${text("door.admit")} act=${() => admit(room.id, one.user)} />
          <${Deed} words=${text("door.deny")} act=${() => deny(room.id, one.user)} />
        </li>`,
      )}
    </ul>
    ${waiting.length > 1 && html`<${Deed} kind="primary" words=${text("door.admit_all")} act=${() => admitAll(room.id)} />`}
  </section>`;
}

/** @param {{room: Room, call: InCall}} properties */
function RoomDoor({ room, call }) {
  const [isLocked, setIsLocked] = useState(room.locked);
  const [waits, setWaits] = useState(room.waiting_room);
  useEffect(
    () =>
      call.stay.on("event", ({ kind, body }) => {
        if (kind === "room.locked" || kind === "room.unlocked") setIsLocked(kind === "room.locked");
        if (kind === "room.waiting_room") setWaits(body.on === true);
      }),
    [call],
  );
  const complain = (/** @type {unknown} */ error) => announce(errorText(error));
  return html`<section class="door">
    <h3 class="part-title">${text("door.of_room")}</h3>
    <${Check} words=${text("door.locked")} isOn=${isLocked} onChange=${(/** @type {boolean} */ on) => setLocked(room.id, on).catch(complain)} />
    <${Check} words=${text("door.waiting_room")} isOn=${waits} onChange=${(/** @type {boolean} */ on) => setWaitingRoom(room.id, on).catch(complain)} />
    <${Deed} kind="danger" words=${text("moderate.end")} act=${() => endCall(call.call.value?.id ?? "")} />
  </section>`;
}
