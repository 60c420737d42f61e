/** Settings of a call, and its keys. */

import { errorText, text } from "../../i18n.js";
import { Check } from "../../ui/check.js";
import { Dialog } from "../../ui/dialog.js";
import { html } from "../../ui/html.js";
import { KeyList } from "../../ui/key-list.js";
import { announce } from "../../ui/toast.js";
import { DeviceMenus } from "./device-menus.js";
import { KEYS } from "./keys.js";
import { LevelBar } from "./level-bar.js";

/** @typedef {import("./stage.js").View} View */

/**
 * @param {{
 *   call: import("../../call/in-call.js").InCall, own: import("../../call/own.js").Own, view: View,
 *   onClose: () => void,
 * }} properties
 */
export function SettingsDialog({ call, own, view, onClose }) {
  const detection = call.detection.value;
  const agree = (/** @type {boolean} */ agrees) => call.agree(agrees).catch((error) => announce(errorText(error)));
  return html`<${Dialog} title=${text("act.settings")} onClose=${onClose}>
    <${DeviceMenus} own=${own} />
    <${LevelBar} own=${own} />
    <${Check} words=${text("settings.self_view")} isOn=${view.isSelfShown.value} onChange=${view.showSelf} />
    <${Check} words=${text("settings.keys")} isOn=${view.hasKeys.value} onChange=${view.useShortcuts} />
    ${detection?.runs && html`<${Check} words=${text("consent.agree")} isOn=${detection.consented} onChange=${agree} />`}
  </${Dialog}>`;
}

/** @param {{view: View, onClose: () => void}} properties */
export function KeysDialog({ view, onClose }) {
  const letters = Object.keys(KEYS).map((key) => /** @type {[string, string]} */ ([key.toUpperCase(), text(`keys.${NAMES[key] ?? key}`)]));
  return html`<${Dialog} title=${text("keys.title")} onClose=${onClose}>
    <${KeyList} keys=${[...letters, [text("keys.space_name"), text("keys.space")]]} />
    <${Check} words=${text("settings.keys")} isOn=${view.hasKeys.value} onChange=${view.useShortcuts} />
  </${Dialog}>`;
}

/** @type {Readonly<Record<string, string>>} */
const NAMES = { "?": "help" };
