/** Settings of a call, and its keys. */

import { errorText, text } from "../../i18n.js";
import { Check } from "../../ui/check.js";
import { Dialog } from "../../ui/dialog.js";
import { html } from "../../ui/html.js";
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
  return html`<${Dialog} title=${text("keys.title")} onClose=${onClose}>
    <dl class="keys">
      ${Object.keys(KEYS).map((key) => html`<div key=${key}><dt><kbd>${key.toUpperCase()}</kbd></dt><dd>${text(`keys.${NAMES[key] ?? key}`)}</dd></div>`)}
      <div><dt><kbd>${text("keys.space_name")}</kbd></dt><dd>${text("keys.space")}</dd></div>
    </dl>
    <${Check} words=${text("settings.keys")} isOn=${view.hasKeys.value} onChange=${view.useShortcuts} />
  </${Dialog}>`;
}

/** @type {Readonly<Record<string, string>>} */
const NAMES = { "?": "help" };
