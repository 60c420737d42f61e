/** Where alerts begin: tried on what was, before it is decided. */

import { useState } from "preact/hooks";
import { SEVERITIES } from "../../console/alerts.js";
import { decide, thresholds, tryOut } from "../../console/evidence.js";
import { counted, errorText, text } from "../../i18n.js";
import { Button } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { html } from "../../ui/html.js";
import { NotYet, useDeed, useLoaded } from "../../ui/loaded.js";
import { Notice } from "../../ui/notice.js";
import { announce } from "../../ui/toast.js";

/** @typedef {import("../../console/evidence.js").Thresholds} Limits */
/** @typedef {import("../../console/evidence.js").Preview} Preview */

const NAMES = /** @type {const} */ (["raise_risk", "raise_confidence", "hold_risk", "hold_confidence", "medium_risk", "high_risk"]);
const OUTCOMES = /** @type {const} */ (["true", "false", "inconclusive"]);
const DAY_MS = 86_400_000;
const DAYS = 30;

export function ThresholdsPage() {
  const { thing, failure, again } = useLoaded(thresholds);
  return html`
    <header class="console-head"><h1 class="page-title">${text("console.thresholds")}</h1></header>
    ${thing === null ? html`<${NotYet} failure=${failure} again=${again} rows=${4} />` : html`<${Deciding} now=${thing} />`}
  `;
}

/** @param {{now: Limits}} properties */
function Deciding({ now }) {
  const [wanted, setWanted] = useState(now);
  const [preview, setPreview] = useState(/** @type {Preview | null} */ (null));
  const trying = useDeed(async () => setPreview(await tryOut(wanted, new Date(Date.now() - DAYS * DAY_MS), new Date())));
  const deciding = useDeed(async () => {
    setWanted(await decide(wanted));
    announce(text("thresholds.decided"));
  });
  const failure = trying.failure ?? deciding.failure;
  const set = (/** @type {keyof Limits} */ name) => (/** @type {Event & {currentTarget: HTMLInputElement}} */ event) => {
    setPreview(null);
    setWanted({ ...wanted, [name]: event.currentTarget.valueAsNumber });
  };
  return html`<div class="columns columns-even">
    <${Card} title=${text("thresholds.title")} lead=${text("thresholds.lead")}>
      <div class="stack">
        ${NAMES.map((name) => html`<label key=${name} class="slider"><span>${text(`thresholds.${name}`)}</span>
          <input type="range" min="0" max="1" step="0.01" value=${wanted[name]} onInput=${set(name)} /><output>${wanted[name].toFixed(2)}</output>
        </label>`)}
        ${failure !== null && html`<${Notice} kind="danger">${errorText(failure)} ${text("thresholds.wrong")}</${Notice}>`}
        <div class="row">
          <${Button} kind="primary" busy=${trying.busy} onClick=${trying.run}>${text("thresholds.try")}</${Button}>
          ${preview !== null && html`<${Button} kind="danger" busy=${deciding.busy} onClick=${deciding.run}>${text("thresholds.decide")}</${Button}>`}
        </div>
      </div>
    </${Card}>
    ${preview !== null && html`<${Tried} preview=${preview} />`}
  </div>`;
}

/** @param {{preview: Preview}} properties */
function Tried({ preview: { scores, complete, now, then } }) {
  const rows = [
    ...SEVERITIES.map((one) => ({ words: text(`alert.severity.${one}`), now: now.by_severity[one] ?? 0, then: then.by_severity[one] ?? 0 })),
    ...OUTCOMES.map((one) => ({ words: text("thresholds.judged", { outcome: text(`alert.outcome.${one}`) }), now: now.judged[one] ?? 0, then: then.judged[one] ?? 0 })),
  ];
  return html`<${Card} title=${text("thresholds.past")} lead=${counted("thresholds.scores", scores)}>
    <div class="stack">
      ${!complete && html`<${Notice} kind="plain">${text("thresholds.not_all")}</${Notice}>`}
      <div class="table-frame"><table class="table">
        <thead><tr><th scope="col">${text("thresholds.alerts")}</th><th scope="col">${text("thresholds.now")}</th><th scope="col">${text("thresholds.then")}</th></tr></thead>
        <tbody>${rows.map((row) => html`<tr key=${row.words}><th scope="row">${row.words}</th><td>${row.now}</td><td>${row.then}</td></tr>`)}</tbody>
      </table></div>
    </div>
  </${Card}>`;
}
