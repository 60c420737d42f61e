/** The top line of a call: where one is, how long it has lasted, who is there. */

import { useEffect, useState } from "preact/hooks";
import { counted, text } from "../../i18n.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";

/** @typedef {import("../../call/in-call.js").InCall} InCall */

/** @param {{room: import("../../rooms.js").Room, call: InCall, tiles: import("../../call/tiles.js").TileFacts[]}} properties */
export function Head({ room, call, tiles }) {
  const people = tiles.filter((one) => !one.isScreen).length;
  const { answeredAt = null, state = "" } = call.call.value ?? {};
  return html`<header class="stage-head">
    <h1 class="stage-title">${room.title}</h1>
    <p class="stage-facts">
      ${state === "ringing" ? text("call.rings") : answeredAt !== null && html`<${Duration} since=${answeredAt} />`}
      <span class="stage-people"><${Icon} name="people" />${counted("call.people", people)}</span>
    </p>
  </header>`;
}

/** @param {{since: string}} properties */
function Duration({ since }) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.round((now - Date.parse(since)) / 1000));
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return html`<time class="duration" role="timer" aria-label=${text("call.duration")}>
    ${shown.map((part) => String(part).padStart(2, "0")).join(":")}
  </time>`;
}
