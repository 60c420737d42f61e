/** Waiting for somebody: how long yet, and a way out; and having found them. */

import { callPage, chatPage } from "../../addresses.js";
import { errorText, text } from "../../i18n.js";
import { Avatar } from "../../ui/avatar.js";
import { Button, ButtonLink } from "../../ui/button.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { useDeed } from "../../ui/loaded.js";
import { Notice } from "../../ui/notice.js";

/** @typedef {import("../../matches.js").Match} Match */
/** @typedef {import("../../ui/html.js").Children} Children */

const RADIUS = 54;
const AROUND = 2 * Math.PI * RADIUS;
// A full ring is the minute that somebody waits at the most, unless the server allows for more.
const FULL_S = 60;

/** @param {{secondsLeft: number, children: Children}} properties what stands in the ring */
export function CountDown({ secondsLeft, children }) {
  const gone = 1 - Math.min(1, secondsLeft / FULL_S);
  return html`<div class="count-down">
    <svg viewBox="0 0 120 120" aria-hidden="true">
      <circle class="count-track" cx="60" cy="60" r=${RADIUS} />
      <circle class="count-rest" cx="60" cy="60" r=${RADIUS} stroke-dasharray=${AROUND} stroke-dashoffset=${gone * AROUND} transform="rotate(-90 60 60)" />
    </svg>
    <div class="count-inside">
      ${children}
      <span class="count-seconds" role="timer">${text("match.seconds", { seconds: Math.ceil(secondsLeft) })}</span>
    </div>
  </div>`;
}

/** @param {{words: string, act: () => Promise<unknown>, kind?: "primary" | "soft" | "quiet"}} properties */
export function Deed({ words, act, kind = "quiet" }) {
  const { busy, failure, run } = useDeed(async () => void (await act()));
  return html`
    <${Button} kind=${kind} busy=${busy} onClick=${run}>${words}</${Button}>
    ${failure !== null && html`<${Notice} kind="danger">${errorText(failure)}</${Notice}>`}
  `;
}

/** @param {{match: Match, onAgain: () => void}} properties */
export function Found({ match, onAgain }) {
  const { partner, room } = match;
  const name = partner?.name ?? text("person.unknown");
  return html`<div class="match-stage" role="status">
    <${Avatar} profile=${{ id: partner?.id ?? "", name, nickname: "", avatar: null }} size="large" />
    <h2 class="page-title">${text("match.found", { name })}</h2>
    <p class="lead">${text("match.found_words")}</p>
    <div class="row row-centred">
      <${ButtonLink} kind="primary" href=${chatPage(room ?? "")}><${Icon} name="chat" />${text("match.to_chat")}</${ButtonLink}>
      <${ButtonLink} href=${callPage(room ?? "")}><${Icon} name="phone" />${text("match.to_call")}</${ButtonLink}>
    </div>
    <${Button} kind="quiet" onClick=${onAgain}>${text("match.again")}</${Button}>
  </div>`;
}
