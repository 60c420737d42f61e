/** Somebody calls: who, and two buttons; above whatever page one is on. */

import { effect, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { callPage } from "../addresses.js";
import { acceptCall, declineCall } from "../calls.js";
import { Ringing } from "../call/ringing.js";
import { errorText, text } from "../i18n.js";
import { ringTone } from "../media/ring-tone.js";
import { readPerson } from "../people.js";
import { calledName, me } from "../session.js";
import { Avatar } from "./avatar.js";
import { Button } from "./button.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { useDeed, useLoaded } from "./loaded.js";
import { ownLine } from "./own-line.js";
import { Notice } from "./notice.js";

/** @typedef {import("../call/ringing.js").Ring} Ring */

const ringing = signal(/** @type {Ringing | null} */ (null));

/** Listen from now on to the line of whoever is signed in. */
export function listenForCalls() {
  effect(() => {
    const [id, line] = [me.value?.id ?? null, ownLine.value];
    if (id === null || line === null || ringing.peek() !== null) return;
    ringing.value = new Ringing(id, line);
  });
}

/** The region is there before anything rings, so that it is read out. */
export function RingBanner() {
  const ring = ringing.value?.rings.value.at(-1) ?? null;
  return html`<div aria-live="assertive">
    ${ring !== null && html`<${Rings} key=${ring.call} ring=${ring} />`}
  </div>`;
}

/** @param {{ring: Ring}} properties */
function Rings({ ring }) {
  useEffect(ringTone, []);
  const caller = useLoaded(() => readPerson(ring.caller), [ring.caller]).thing;
  const accepting = useDeed(async () => {
    await acceptCall(ring.call);
    location.assign(`${callPage(ring.room)}#answered`);
  });
  const declining = useDeed(async () => {
    await declineCall(ring.call);
    ringing.value?.drop(ring.call);
  });
  const failure = accepting.failure ?? declining.failure;
  return html`<section class="ring" aria-label=${text("ring.title")}>
    ${caller !== null && html`<${Avatar} profile=${caller} size="small" />`}
    <div class="ring-words">
      <strong>${caller === null ? text("ring.somebody") : text("ring.who", { name: calledName(caller) })}</strong>
      <span class="fine">${text(ring.medium === "audio" ? "ring.audio" : "ring.video")}</span>
    </div>
    <div class="row">
      <${Button} kind="danger" busy=${declining.busy} onClick=${declining.run}>${text("ring.decline")}</${Button}>
      <${Button} kind="primary" busy=${accepting.busy} onClick=${accepting.run}><${Icon} name="phone" />${text("ring.accept")}</${Button}>
    </div>
    ${failure !== null && html`<${Notice} kind="danger">${errorText(failure)}</${Notice}>`}
  </section>`;
}
