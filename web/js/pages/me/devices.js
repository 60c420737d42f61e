/** Where one is signed in, and how to end that from here. */

import { signal } from "@preact/signals";
import { distance, errorText, moment, text } from "../../i18n.js";
import { described, devices, endDevice, endOtherDevices } from "../../people.js";
import { Button } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { NotYet, useDeed, useLoaded } from "../../ui/loaded.js";
import { Notice } from "../../ui/notice.js";
import { announce } from "../../ui/toast.js";

/** @typedef {import("../../people.js").Device} Device */

const changes = signal(0);

/** Something else on the page ended sessions: the list is asked for again. */
export function devicesChanged() {
  changes.value += 1;
}

/** @param {{isGuest: boolean}} properties a guest has one device and cannot end others */
export function Devices({ isGuest }) {
  const listed = useLoaded(devices, [changes.value]);
  const others = useDeed(async () => {
    await endOtherDevices();
    announce(text("devices.others_ended"));
    await listed.again();
  });
  return html`<${Card} title=${text("devices.title")} lead=${text("devices.lead")}>
    ${listed.thing === null
      ? html`<${NotYet} ...${listed} rows=${2} />`
      : html`<ul class="devices">
          ${listed.thing.map((device) => html`<${DeviceRow} key=${device.id} device=${device} onEnded=${listed.again} />`)}
        </ul>`}
    ${!isGuest &&
    (listed.thing ?? []).length > 1 &&
    html`<div class="below">
      <${Button} kind="danger" busy=${others.busy} onClick=${others.run}>${text("devices.end_others")}</${Button}>
    </div>`}
    ${others.failure !== null && html`<${Notice} kind="danger">${errorText(others.failure)}</${Notice}>`}
  </${Card}>`;
}

/** @param {{device: Device, onEnded: () => Promise<void>}} properties */
function DeviceRow({ device, onEnded }) {
  const ending = useDeed(async () => {
    await endDevice(device.id);
    announce(text("devices.ended"));
    await onEnded();
  });
  const name = shownName(device);
  return html`<li class="device">
    <${Icon} name="device" />
    <div class="device-words">
      <p class="device-name">${name}${device.this && html`<span class="badge">${text("devices.this")}</span>`}</p>
      <p class="fine dotted">
        <span>${device.address}</span>
        <span title=${moment(device.used_at)}>${text("devices.used", { when: distance(device.used_at, Date.now()) })}</span>
        <span>${text("devices.since", { when: moment(device.created_at) })}</span>
      </p>
      <details class="fine">
        <summary>${text("devices.agent")}</summary>
        ${device.agent || text("devices.no_agent")}
      </details>
    </div>
    ${!device.this &&
    html`<${Button} kind="danger" busy=${ending.busy} label=${text("devices.end_which", { name })} onClick=${ending.run}>${text("devices.end")}</${Button}>`}
    ${ending.failure !== null && html`<${Notice} kind="danger">${errorText(ending.failure)}</${Notice}>`}
  </li>`;
}

/** @param {Device} device */
function shownName(device) {
  const { browser, system } = described(device.agent);
  if (browser !== null && system !== null) return text("devices.name", { browser, system });
  return browser ?? system ?? text("devices.program");
}
