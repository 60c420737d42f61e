/** The bar at the bottom of a call; on a phone, what is pressed less often waits behind "more". */

import { useState } from "preact/hooks";
import { counted, text } from "../../i18n.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { KeysDialog, SettingsDialog } from "./dialogs.js";
import { Gestures } from "./gestures.js";
import { PANELS } from "./panels.js";
import { useUnread } from "./unread.js";

/** @typedef {import("./controls.js").Controls} Controls */

const MOST_SHOWN = 99;

/**
 * @param {{
 *   call: import("../../call/in-call.js").InCall, own: import("../../call/own.js").Own,
 *   view: import("./stage.js").View, controls: Controls,
 * }} properties
 */
export function Bar({ call, own, view, controls }) {
  const [isOpen, setOpen] = useState(false);
  const isHeard = own.isSpeaking.value;
  const isSeen = own.camera.value !== null;
  const isSharing = call.connections.screen.value !== null;
  const unread = useUnread(call.room);
  const close = () => (view.dialog.value = null);
  return html`<nav class="bar" aria-label=${text("bar.name")}>
    <${BarButton} icon=${isHeard ? "microphone" : "microphone-off"} isOff=${!isHeard} words=${text(isHeard ? "act.mute" : "act.unmute")} shortcut="M" onPress=${() => controls.microphone()} />
    <${BarButton} icon=${isSeen ? "camera" : "camera-off"} isOff=${!isSeen} words=${text(isSeen ? "act.camera_off" : "act.camera_on")} shortcut="V" onPress=${() => controls.camera()} />
    <div class="bar-more ${isOpen ? "bar-more-open" : ""}" onClick=${() => setOpen(false)}>
      <${BarButton} icon="screen" isOn=${isSharing} words=${text(isSharing ? "act.share_stop" : "act.share")} shortcut="D" onPress=${() => controls.share()} />
      <${BarButton} icon="hand" isOn=${call.hand.value} words=${text(call.hand.value ? "act.hand_down" : "act.hand_up")} shortcut="R" onPress=${() => controls.hand()} />
  <${Gestures} call=${call} />
      <${BarButton} icon="layout" words=${text(view.isGrid.value ? "act.to_speaker" : "act.to_grid")} shortcut="W" onPress=${() => controls.layout()} />
      <${BarButton} icon="gear" words=${text("act.settings")} shortcut="S" onPress=${() => controls.dialog("settings")} />
    </div>
    ${PANELS.map(
      (panel) => html`<${BarButton}
        key=${panel.name} icon=${panel.icon} isOn=${view.panel.value === panel.name} words=${text(`panel.${panel.name}`)}
        shortcut=${panel.key.toUpperCase()} count=${panel.name === "chat" ? unread : 0} onPress=${() => controls.panel(panel.name)}
      />`,
    )}
    <button
      type="button" class="round bar-button bar-opener" aria-expanded=${isOpen ? "true" : "false"} aria-label=${text("bar.more")}
      onClick=${() => setOpen(!isOpen)}
    ><${Icon} name="more" /></button>
    <button type="button" class="round bar-button round-leave" aria-label=${text("act.leave")} title=${text("act.leave")} onClick=${() => controls.leave()}>
      <${Icon} name="leave" />
    </button>
    ${view.dialog.value === "settings" && html`<${SettingsDialog} call=${call} own=${own} view=${view} onClose=${close} />`}
    ${view.dialog.value === "keys" && html`<${KeysDialog} view=${view} onClose=${close} />`}
  </nav>`;
}

/**
 * @param {{
 *   icon: string, words: string, shortcut: string, isOn?: boolean, isOff?: boolean, count?: number, onPress: () => void,
 * }} properties `isOff` shows that something of one's own is missing to the others; `count` is of what is unread
 */
function BarButton({ icon, words, shortcut, isOn = false, isOff = false, count = 0, onPress }) {
  const look = isOff ? "round-off" : isOn ? "round-on" : "";
  return html`<button
    type="button" class="round bar-button ${look}" aria-label=${count > 0 ? `${words}. ${counted("talks.unread", count)}` : words}
    aria-keyshortcuts=${shortcut} title="${words} (${shortcut})" onClick=${onPress}
  ><${Icon} name=${icon} />${count > 0 && html`<span class="bar-count" aria-hidden="true">${count > MOST_SHOWN ? `${MOST_SHOWN}+` : count}</span>`}<span class="bar-words" aria-hidden="true">${words}</span></button>`;
}
