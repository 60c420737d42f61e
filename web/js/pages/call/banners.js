/** What has to be said above the tiles just now: the line is cut, one is not heard, one is muted. */

import { useEffect, useState } from "preact/hooks";
import { counted, text } from "../../i18n.js";
import { Button } from "../../ui/button.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { useWaiting } from "./waiting.js";

/**
 * @param {{
 *   call: import("../../call/in-call.js").InCall,
 *   measuring: import("../../call/measuring.js").Measuring,
 *   controls: import("./controls.js").Controls, view: import("./stage.js").View, room: import("../../rooms.js").Room,
 * }} properties
 */
export function Banners({ room, call, measuring, controls, view }) {
  const silenced = call.me.value?.silenced ?? [];
  return html`<div class="banners" role="status">
    ${view.isSilent.value &&
    html`<${Banner} words=${text("banner.silent")}>
      <${Button} onClick=${() => (view.isSilent.value = false)}>${text("banner.hear")}</${Button}>
    </${Banner}>`}
    ${call.state.value === "joining" && html`<${Banner} words=${text("banner.joining")} />`}
    ${call.state.value === "away" && html`<${Away} call=${call} />`}
    ${call.state.value === "in" && call.connections.isMending.value && html`<${Banner} words=${text("banner.mending")} />`}
    ${silenced.includes("microphone") && html`<${Banner} words=${text("banner.silenced")} />`}
    ${silenced.includes("camera") && html`<${Banner} words=${text("banner.stopped")} />`}
    ${call.rights.value.moderate === true && html`<${Knocking} room=${room} call=${call} view=${view} />`}
    ${measuring.isTalkingMuted.value &&
    html`<${Banner} words=${text("banner.talking_muted")}>
      <${Button} onClick=${() => controls.microphone()}>${text("act.unmute")}</${Button}>
    </${Banner}>`}
    ${call.connections.screen.value !== null &&
    html`<${Banner} words=${text("banner.sharing")}>
      <${Button} onClick=${() => controls.share()}>${text("act.share_stop")}</${Button}>
    </${Banner}>`}
  </div>`;
}

/** Somebody is at the door, and the list of people is not open. @param {any} properties */
function Knocking({ room, call, view }) {
  const waiting = useWaiting(room, call);
  if (waiting.length === 0 || view.panel.value === "people") return null;
  return html`<${Banner} words=${counted("door.waiting_count", waiting.length)}>
    <${Button} onClick=${() => (view.panel.value = "people")}>${text("door.look")}</${Button}>
  </${Banner}>`;
}

/** @param {{words: string, children?: import("../../ui/html.js").Children}} properties */
function Banner({ words, children }) {
  return html`<div class="banner"><${Icon} name="warning" /><p>${words}</p>${children}</div>`;
}

/** The line is cut: how long until the next try, and a way not to wait. @param {{call: import("../../call/in-call.js").InCall}} properties */
function Away({ call }) {
  const [left, setLeft] = useState(0);
  const wait = call.wait.value;
  useEffect(() => {
    const until = performance.now() + wait;
    const count = () => setLeft(Math.max(0, Math.ceil((until - performance.now()) / 1000)));
    count();
    const timer = setInterval(count, 250);
    return () => clearInterval(timer);
  }, [wait]);
  return html`<${Banner} words=${left === 0 ? text("banner.away_now") : text("banner.away", { seconds: left })}>
    <${Button} onClick=${() => call.stay.line.hurry()}>${text("banner.now")}</${Button}>
  </${Banner}>`;
}
