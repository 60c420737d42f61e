/** What an alert stands on: pictures and sound, each signal in words, and the models that took part. */

import { useState } from "preact/hooks";
import { captureAddress, capturesOf, caseAddress, scoreOf } from "../../console/evidence.js";
import { moment, text } from "../../i18n.js";
import { ButtonLink } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { NotYet, useLoaded } from "../../ui/loaded.js";
import { reasonText, signalName } from "../../ui/risk-badge.js";
import { CaptureView } from "./capture-view.js";
import { LitFace, hasRegions } from "./lit-face.js";
import { CapturedSound } from "./sound.js";

/** @typedef {import("../../console/evidence.js").Evidence} Evidence */
/** @typedef {import("../../console/evidence.js").Capture} Capture */

/** @param {{alert: import("../../console/alerts.js").Alert}} properties */
export function EvidenceCard({ alert }) {
  return html`<${Card} title=${text("evidence.title")} lead=${text("evidence.lead")}>
    <div class="stack">
      <${Captures} alert=${alert.id} />
      ${alert.score !== "" && html`<${Explained} score=${alert.score} />`}
      <div class="row"><${ButtonLink} href=${caseAddress(alert.id)}><${Icon} name="lock" />${text("evidence.case")}</${ButtonLink}></div>
      <p class="fine">${text("evidence.case_lead")}</p>
    </div>
  </${Card}>`;
}

/** @param {{alert: string}} properties */
function Captures({ alert }) {
  const { thing, failure, again } = useLoaded(() => capturesOf(alert), [alert]);
  const [shown, setShown] = useState(/** @type {Capture | null} */ (null));
  if (thing === null) return html`<${NotYet} failure=${failure} again=${again} rows=${1} />`;
  if (thing.length === 0) return html`<p class="fine">${text("evidence.no_captures")}</p>`;
  const named = (/** @type {Capture} */ one) => text("evidence.picture", { when: moment(one.at) });
  return html`<ul class="captures">
      ${thing.map((one) => html`<li key=${one.id}>
        ${one.media_type.startsWith("image/")
          ? html`<button type="button" class="capture" aria-label=${named(one)} onClick=${() => setShown(one)}><img src=${captureAddress(one.id)} alt="" loading="lazy" /></button>`
          : html`<${CapturedSound} capture=${one} />`}
      </li>`)}
    </ul>
    ${shown !== null && html`<${CaptureView} key=${shown.id} capture=${shown} onClose=${() => setShown(null)} />`}`;
}

/** @param {{score: string}} properties */
function Explained({ score }) {
  const { thing, failure, again } = useLoaded(() => scoreOf(score), [score]);
  if (thing === null) return html`<${NotYet} failure=${failure} again=${again} rows=${3} />`;
  return html`
    <p class="evidence-same"><${Icon} name=${thing.same ? "check" : "alarm"} /><span>${text(thing.same ? "evidence.same" : "evidence.differs")}</span></p>
    ${thing.evidence.length === 0 && html`<p class="fine">${text("risk.no_reasons")}</p>`}
    <ul class="statements">${thing.evidence.map((one, index) => html`<${Statement} key=${index} evidence=${one} />`)}</ul>
    <details><summary>${text("evidence.lines")}</summary><pre class="frame-text" tabindex="0">${thing.lines.join("\n")}</pre></details>
  `;
}

/** Signals whose errors were measured; what was is in docs/DETECTION.md. */
const KNOWN = new Set(["code", "face", "face_enrolled", "light", "lips", "loop", "motion", "voice", "voice_enrolled"]);

/** @param {{evidence: Evidence}} properties */
function Statement({ evidence }) {
  const { signal, version, reason, words, log_likelihood_ratio: ratio, quality, age_s: ageS, measured, models } = evidence;
  const chance = measured.chance;
  const which = signal.replace(".", "_");
  return html`<li class="statement">
    <p><strong>${signalName(signal)}</strong>${" "}${reasonText(reason, words)}</p>
    <p class="fine">
      ${text(ratio > 0 ? "evidence.for" : ratio < 0 ? "evidence.against" : "evidence.neither", { ratio: Math.abs(ratio).toFixed(2) })}${" "}
      ${text("evidence.facts", { quality: quality.toFixed(2), seconds: ageS.toFixed(0), version })}
      ${chance !== undefined && chance !== null && ` ${text("evidence.chance", { percent: (100 * chance).toFixed(2) })}`}
    </p>
    <p class="fine"><strong>${text("evidence.known")}</strong>${" "}${text(KNOWN.has(which) ? `known.${which}` : signal.startsWith("learned.") ? "known.learned" : "known.nothing")}</p>
    ${hasRegions(measured) ? html`<${LitFace} measured=${measured} />` : !/^(learned|baseline)\./.test(signal) && html`<p class="fine">${text("map.none_here")}</p>`}
    ${models.map((model) => html`<p key=${model} class="fine code">${model}</p>`)}
  </li>`;
}
