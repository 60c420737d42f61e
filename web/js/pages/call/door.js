/** Before a room that one does not belong to: ask to be let in, and wait there. */

import { useEffect } from "preact/hooks";
import { pages } from "../../addresses.js";
import { ApiError } from "../../api.js";
import { errorText, text } from "../../i18n.js";
import { knock, standing, stopWaiting } from "../../moderation.js";
import { me } from "../../session.js";
import { Button, ButtonLink } from "../../ui/button.js";
import { CodeForm } from "../../ui/code-form.js";
import { html } from "../../ui/html.js";
import { useDeed } from "../../ui/loaded.js";
import { Notice } from "../../ui/notice.js";
import { Failed } from "./ending.js";
import { useState } from "preact/hooks";

/** @typedef {import("../../moderation.js").Standing} Standing */

const LOOK_EVERY_MS = 2000;

/** @param {{room: string, onWaiting: () => void, onAdmitted: () => void}} properties */
export function Door({ room, onWaiting, onAdmitted }) {
  const { busy, failure, run } = useDeed(async () => {
    if ((await knock(room)) === "admitted") onAdmitted();
    else onWaiting();
  });
  const isGuest = me.value?.role === "guest";
  const isNowhere = failure instanceof ApiError && failure.code === "not_found";
  return html`<div class="narrow"><section class="card card-door">
    <h1 class="page-title">${text("door.title")}</h1>
    <p class="lead">${text("door.words")}</p>
    ${failure !== null && html`<${Notice} kind="danger">${isNowhere ? text("door.nowhere") : errorText(failure)}</${Notice}>`}
    ${!isGuest && html`<${Button} kind="primary" wide busy=${busy} onClick=${run}>${text("door.ask")}</${Button}>`}
    <${CodeForm} />
    <div class="row"><${ButtonLink} kind="quiet" href=${pages.entry}>${text("action.to_start")}</${ButtonLink}></div>
  </section></div>`;
}

/** @param {{room: string, onAdmitted: () => void, onLeft: () => void}} properties */
export function Waiting({ room, onAdmitted, onLeft }) {
  const [failure, setFailure] = useState(/** @type {unknown} */ (null));
  const [now, setNow] = useState(/** @type {Standing | null} */ (null));
  useEffect(() => {
    const look = () => standing(room).then(stand, (error) => {
      // Only an answer ends the waiting; a line that is cut for a moment does not.
      if (error instanceof ApiError && error.code === "not_found") setFailure(error);
    });
    const stand = (/** @type {Standing} */ found) => {
      setNow(found);
      if (found.state === "admitted") onAdmitted();
      if (found.state === "denied") setFailure(new ApiError("not_admitted", ""));
    };
    look();
    const timer = setInterval(look, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, [room]);
  const leaving = useDeed(async () => {
    await stopWaiting(room);
    onLeft();
  });
  if (failure !== null) return html`<${Failed} error=${failure} />`;
  const because = now?.moved_because ?? null;
  return html`<div class="narrow"><section class="card card-door" role="status">
    <h1 class="page-title">${text(because === null ? "waiting.title" : "waiting.moved")}</h1>
    <div class="waiting-dots" aria-hidden="true"><span></span><span></span><span></span></div>
    ${because !== null && because !== "" && html`<blockquote class="waiting-because">${because}</blockquote>`}
    <p class="lead">${text(because === null ? "waiting.words" : "waiting.moved_words")}</p>
    ${because === null
      ? html`<${Button} busy=${leaving.busy} onClick=${leaving.run}>${text("waiting.leave")}</${Button}>`
      : html`<${ButtonLink} href=${pages.entry}>${text("action.to_start")}</${ButtonLink}>`}
  </section></div>`;
}
