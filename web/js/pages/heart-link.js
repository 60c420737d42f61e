/** Heart link: be proposed to somebody who waits too; if both say yes, a room opens for the two. */

import { useSignal } from "@preact/signals";
import { pages, withNext } from "../addresses.js";
import { text } from "../i18n.js";
import { BY_HEART, answer, ask, cancel, standingOf } from "../matches.js";
import { Avatar } from "../ui/avatar.js";
import { html } from "../ui/html.js";
import { Icon } from "../ui/icons.js";
import { NotYet } from "../ui/loaded.js";
import { Notice } from "../ui/notice.js";
import { open } from "../ui/shell.js";
import { useStanding } from "./matching/standing.js";
import { CountDown, Deed, Found } from "./matching/waiting.js";

/** @typedef {import("../matches.js").Match} Match */
/** @typedef {ReturnType<typeof useStanding>} Standing */
/** @typedef {{match: Match, standing: Standing, onAgain: () => void}} Properties */

/** @type {Match | null} */
let known = null;

function HeartLinkPage() {
  const standing = useStanding(BY_HEART, known);
  const isAsking = useSignal(false);
  const match = standing.match.value;
  const State = isAsking.value && match?.state === "matched" ? Entry : STATES[match?.state ?? "none"];
  return html`<div class="narrow"><section class="card card-door match">
    <header>
      <h1 class="page-title">${text("heart.title")}</h1>
      <p class="lead">${text("heart.lead")}</p>
    </header>
    ${match === null
      ? html`<${NotYet} failure=${standing.failure.value} again=${standing.look} rows=${2} />`
      : html`<${State} match=${match} standing=${standing} onAgain=${() => (isAsking.value = true)} />`}
  </section></div>`;
}

/** @param {Properties} properties */
function Entry({ match, standing }) {
  return html`<div class="match-stage">
    ${match.state === "expired" && html`<${Notice} kind="plain">${text("heart.expired")}</${Notice}>`}
    <span class="heart-sign"><${Icon} name="heart" /></span>
    <${Deed} kind="primary" words=${text("heart.ask")} act=${() => ask(BY_HEART, {}).then(standing.take)} />
  </div>`;
}

/** @param {Properties} properties */
function Waiting({ match, standing }) {
  const words = match.state === "accepted" ? text("heart.accepted", { name: match.partner?.name ?? "" }) : text("heart.waiting");
  return html`<div class="match-stage">
    <${CountDown} secondsLeft=${standing.secondsLeft.value}><span class="heart-sign heart-waiting"><${Icon} name="heart" /></span></${CountDown}>
    <p class="lead" role="status">${words}</p>
    <${Deed} words=${text("match.cancel")} act=${() => cancel(BY_HEART).then(standing.look)} />
  </div>`;
}

/** @param {Properties} properties */
function Proposed({ match, standing }) {
  const { id = "", name = "" } = match.partner ?? {};
  return html`<div class="match-stage">
    <${CountDown} secondsLeft=${standing.secondsLeft.value}><${Avatar} profile=${{ id, name, nickname: "", avatar: null }} size="small" /></${CountDown}>
    <h2 class="page-title" role="status">${text("heart.proposed", { name })}</h2>
    <p class="lead">${text("heart.proposed_words")}</p>
    <div class="row row-centred">
      <${Deed} kind="primary" words=${text("heart.accept")} act=${() => answer("accept").then(standing.take)} />
      <${Deed} words=${text("heart.decline")} act=${() => answer("decline").then(standing.take)} />
    </div>
  </div>`;
}

/** @type {Readonly<Record<Match["state"], (properties: Properties) => unknown>>} */
const STATES = {
  none: Entry,
  cancelled: Entry,
  expired: Entry,
  waiting: Waiting,
  accepted: Waiting,
  proposed: Proposed,
  matched: Found,
};

open({
  title: "heart.title",
  content: HeartLinkPage,
  elsewhere: (profile) => (profile === null ? withNext(pages.login, pages.heartLink) : null),
  prepare: async () => {
    known = await standingOf(BY_HEART).catch(() => null);
  },
});
