/** Which camera, microphone and loudspeaker; changed at once, also in the middle of a call. */

import { useId } from "preact/hooks";
import { text } from "../../i18n.js";
import { html } from "../../ui/html.js";

/** @typedef {import("../../media/devices.js").DeviceKind} DeviceKind */

/** @type {readonly DeviceKind[]} */
const KINDS = ["audioinput", "videoinput", "audiooutput"];

/** A menu is there before its devices are known, so that nothing moves. @param {DeviceKind} kind */
const canChoose = (kind) => kind !== "audiooutput" || "setSinkId" in HTMLMediaElement.prototype;

/** @param {{own: import("../../call/own.js").Own}} properties */
export function DeviceMenus({ own }) {
  return html`<div class="devices-chosen">
    ${KINDS.filter(canChoose).map((kind) => html`<${DeviceMenu} key=${kind} kind=${kind} own=${own} />`)}
  </div>`;
}

/** @param {{kind: DeviceKind, own: import("../../call/own.js").Own}} properties */
function DeviceMenu({ kind, own }) {
  const id = useId();
  const chosen = own.chosen.value[kind];
  const change = (/** @type {Event & {currentTarget: HTMLSelectElement}} */ event) =>
    own.choose(kind, event.currentTarget.value);
  return html`<div class="field">
    <label class="field-label" for=${id}>${text(`device.${kind}`)}</label>
    <select class="input" id=${id} onChange=${change}>
      <option value="" selected=${chosen === ""}>${text("device.usual")}</option>
      ${own.devices.value[kind].map(
        (one, index) => html`<option key=${one.deviceId} value=${one.deviceId} selected=${one.deviceId === chosen}>
          ${one.label || text("device.unnamed", { number: index + 1 })}
        </option>`,
      )}
    </select>
  </div>`;
}
