/** How a call ended, or why it cannot be entered: one plain page each, with what to do next. */

import { pages } from "../../addresses.js";
import { ApiError } from "../../api.js";
import { errorText, text } from "../../i18n.js";
import { Button, ButtonLink } from "../../ui/button.js";
import { html } from "../../ui/html.js";

/** @typedef {import("../../call/in-call.js").Ending} Ending */

const OURS = new Set(["left", "ended", "removed", "banned"]);
const REASONS = new Set(["declined", "no_answer", "busy", "cancelled"]);
const FINAL = new Set(["removed", "banned"]);

/** @param {{room: import("../../rooms.js").Room, ending: Ending | null}} properties */
export function Ended({ room, ending }) {
  const { how, reason } = ending ?? { how: "left", reason: null };
  if (!OURS.has(how)) return html`<${Failed} error=${new ApiError(how, "")} />`;
  const words = reason !== null && REASONS.has(reason) ? `ended.${reason}` : `ended.${how}`;
  return html`<div class="narrow"><section class="card card-door" role="status">
    <h1 class="page-title">${text(words)}</h1>
    <p class="lead room-title-large">${room.title}</p>
    <div class="row">
      ${!FINAL.has(how) && html`<${Button} kind="primary" onClick=${() => location.reload()}>${text("ended.again")}</${Button}>`}
      <${ButtonLink} href=${pages.entry}>${text("action.to_rooms")}</${ButtonLink}>
    </div>
  </section></div>`;
}

/** @param {{error: unknown}} properties */
export function Failed({ error }) {
  return html`<div class="narrow"><section class="card card-door" role="alert">
    <h1 class="page-title">${text("failed.title")}</h1>
    <p class="lead">${errorText(error)}</p>
    <div class="row">
      <${Button} kind="primary" onClick=${() => location.reload()}>${text("action.try_again")}</${Button}>
      <${ButtonLink} href=${pages.entry}>${text("action.to_start")}</${ButtonLink}>
    </div>
  </section></div>`;
}
