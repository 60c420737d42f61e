/** The lobby: how one looks and sounds, and what will happen, before anybody else is there. */

import { useEffect, useState } from "preact/hooks";
import { mustAgree } from "../../consent.js";
import { text } from "../../i18n.js";
import { described } from "../../people.js";
import { calledName, me } from "../../session.js";
import { Avatar } from "../../ui/avatar.js";
import { Button } from "../../ui/button.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { Notice } from "../../ui/notice.js";
import { ConsentQuestion } from "./consent-question.js";
import { DeviceMenus } from "./device-menus.js";
import { LevelBar } from "./level-bar.js";
import { Picture } from "./picture.js";

/** @typedef {import("../../call/own.js").Own} Own */

/**
 * @param {{
 *   room: import("../../rooms.js").Room, asked: import("../../consent.js").Asked | null, own: Own,
 *   onJoin: (consent: string | null) => void,
 * }} properties
 */
export function Lobby({ room, asked, own, onJoin }) {
  useEffect(() => void own.begin(), []);
  const detection = asked?.detection ?? null;
  const isAsked = detection !== null && detection.runs && !detection.encrypted;
  const [agrees, setAgrees] = useState(detection?.consented ?? false);
  const mayJoin = agrees || detection === null || !mustAgree(detection);
  const join = () => {
    if (mayJoin) onJoin(isAsked ? (agrees ? detection.version : "") : null);
  };
  return html`<div class="lobby">
    <div class="lobby-picture">
      <${Mirror} own=${own} />
      <${LevelBar} own=${own} />
    </div>
    <section class="card lobby-words">
      <header>
        <p class="fine">${text("lobby.before")}</p>
        <h1 class="page-title room-title-large">${room.title}</h1>
      </header>
      <p class="lead">${text("lobby.as", { name: me.value === null ? "" : calledName(me.value) })}</p>
      <${Troubles} own=${own} />
      <${DeviceMenus} own=${own} />
      ${asked !== null && html`<${ConsentQuestion} asked=${asked} agrees=${agrees} onChange=${setAgrees} />`}
      <${Button} kind="primary" wide busy=${!mayJoin} onClick=${join}><${Icon} name="phone" />${text("lobby.join")}</${Button}>
      <p class="fine">${text("lobby.what_happens")}</p>
    </section>
  </div>`;
}

/** @param {{own: Own}} properties */
function Mirror({ own }) {
  const camera = own.camera.value;
  return html`<div class="mirror">
    ${camera !== null
      ? html`<${Picture} track=${camera} isMirrored label=${text("lobby.own_picture")} />`
      : html`<div class="tile-dark">
          ${me.value !== null && html`<${Avatar} profile=${me.value} size="large" />`}
          <p>${text(own.cameraTrouble.value === null ? "lobby.camera_off" : `trouble.camera.${own.cameraTrouble.value}`)}</p>
        </div>`}
    <div class="mirror-bar">
      <${Toggle}
        isOn=${!own.muted.value && own.voice.value !== null} icon="microphone"
        label=${text(own.muted.value ? "act.unmute" : "act.mute")} onPress=${() => own.mute(!own.muted.value)}
      />
      <${Toggle}
        isOn=${camera !== null} icon="camera" label=${text(camera === null ? "act.camera_on" : "act.camera_off")}
        onPress=${() => (camera === null ? own.showCamera() : own.hideCamera())}
      />
    </div>
  </div>`;
}

/** @param {{isOn: boolean, icon: "microphone" | "camera", label: string, onPress: () => void}} properties */
function Toggle({ isOn, icon, label, onPress }) {
  return html`<button type="button" class="round ${isOn ? "" : "round-off"}" aria-label=${label} title=${label} onClick=${onPress}>
    <${Icon} name=${isOn ? icon : `${icon}-off`} />
  </button>`;
}

/** What is wrong, and how to mend it; one comes in all the same. @param {{own: Own}} properties */
function Troubles({ own }) {
  const [camera, microphone] = [own.cameraTrouble.value, own.microphoneTrouble.value];
  if (camera === null && microphone === null) return null;
  if (camera === microphone) return html`<${Trouble} what="both" trouble=${camera} own=${own} />`;
  return html`
    ${microphone !== null && html`<${Trouble} what="microphone" trouble=${microphone} own=${own} />`}
    ${camera !== null && html`<${Trouble} what="camera" trouble=${camera} own=${own} />`}
  `;
}

/** @param {{what: string, trouble: import("../../media/devices.js").Trouble | null, own: Own}} properties */
function Trouble({ what, trouble, own }) {
  const again = () => own.begin();
  return html`<${Notice} kind="danger">
    <p>${text(`trouble.${what}.${trouble}`)} ${text(`trouble.do.${trouble === "denied" ? denied() : trouble}`)}</p>
    ${trouble !== "insecure" && html`<${Button} onClick=${again}>${text("action.try_again")}</${Button}>`}
  </${Notice}>`;
}

/** Where the permission is given differs from browser to browser. */
function denied() {
  const { browser, system } = described(navigator.userAgent);
  if (system === "iOS") return "denied_ios";
  if (browser === "Firefox") return "denied_firefox";
  return browser === "Safari" ? "denied_safari" : "denied_chrome";
}
