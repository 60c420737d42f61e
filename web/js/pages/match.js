/** Number match: two who say the same four digits within a minute get a room for themselves. */

import { useSignal } from "@preact/signals";
import { pages, withNext } from "../addresses.js";
import { text } from "../i18n.js";
import { BY_NUMBER, ask, cancel, standingOf } from "../matches.js";
import { TextField } from "../ui/field.js";
import { Form, Submit } from "../ui/form.js";
import { html } from "../ui/html.js";
import { NotYet } from "../ui/loaded.js";
import { Notice } from "../ui/notice.js";
import { open } from "../ui/shell.js";
import { isOpen, useStanding } from "./matching/standing.js";
import { CountDown, Deed, Found } from "./matching/waiting.js";

/** @typedef {import("../matches.js").Match} Match */

/** @type {Match | null} */
let known = null;

function MatchPage() {
  const { match, secondsLeft, failure, take, look } = useStanding(BY_NUMBER, known);
  /** Whoever was matched before may ask for somebody else. */
  const isAsking = useSignal(false);
  const now = match.value;
  const wait = async (/** @type {string} */ number) => {
    take(await ask(BY_NUMBER, { number }));
    isAsking.value = false;
  };
  return html`<div class="narrow"><section class="card card-door match">
    <header>
      <h1 class="page-title">${text("match.title")}</h1>
      <p class="lead">${text("match.lead")}</p>
    </header>
    ${now === null
      ? html`<${NotYet} failure=${failure.value} again=${look} rows=${2} />`
      : isOpen(now)
        ? html`<${Waiting} match=${now} secondsLeft=${secondsLeft.value} onCancelled=${look} />`
        : now.state === "matched" && !isAsking.value
          ? html`<${Found} match=${now} onAgain=${() => (isAsking.value = true)} />`
          : html`<${Entry} state=${now.state} onNumber=${wait} />`}
  </section></div>`;
}

/** @param {{state: Match["state"], onNumber: (number: string) => Promise<void>}} properties */
function Entry({ state, onNumber }) {
  return html`
    ${state === "expired" && html`<${Notice} kind="plain">${text("match.expired")}</${Notice}>`}
    <${Form} onSubmit=${(/** @type {Record<string, string>} */ { number = "" }) => onNumber(number)}>
      ${() => html`
        <div class="digits">
          <${TextField} name="number" label=${text("match.number")} hint=${text("match.number_hint")} required inputMode="numeric" pattern="[0-9]{4}" maxLength=${4} autocomplete="off" />
        </div>
        <${Submit} wide>${text("match.ask")}</${Submit}>
      `}
    </${Form}>
  `;
}

/** @param {{match: Match, secondsLeft: number, onCancelled: () => Promise<void>}} properties */
function Waiting({ match, secondsLeft, onCancelled }) {
  return html`<div class="match-stage">
    <${CountDown} secondsLeft=${secondsLeft}><span class="match-number">${match.number}</span></${CountDown}>
    <p class="lead" role="status">${text("match.waiting")}</p>
    <${Deed} words=${text("match.cancel")} act=${() => cancel(BY_NUMBER).then(onCancelled)} />
  </div>`;
}

open({
  title: "match.title",
  content: MatchPage,
  elsewhere: (profile) => (profile === null ? withNext(pages.login, pages.match) : null),
  prepare: async () => {
    known = await standingOf(BY_NUMBER).catch(() => null);
  },
});
