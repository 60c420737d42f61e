/** How somebody stands: a sign, a word, the number and how old it is; never colour alone. */

import { text } from "../i18n.js";
import { ageOf } from "../risk.js";
import { nowMs } from "./clock.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";

/** @typedef {import("../risk.js").Standing} Standing */

const SIGNS = /** @type {const} */ ({
  verified: "check",
  no_sign: "shield",
  suspicious: "warning",
  likely_synthetic: "alarm",
  unknown: "question",
});

/** What is said of somebody, without its age. @param {import("../risk.js").PersonRisk} standing */
export const riskWords = ({ state, why, risk }) =>
  state === "unknown"
    ? text("risk.unknown_because", { why: text(`risk.why.${why}`) })
    : `${text(`risk.${state}`)} ${risk.toFixed(2)}`;

/** @param {{standing: Standing}} properties */
export function RiskBadge({ standing }) {
  const age = ageOf(standing, nowMs.value);
  const { state } = standing;
  return html`<span class="risk risk-${state}" data-state=${state} title=${riskWords(standing)}>
    <${Icon} name=${SIGNS[state]} />
    <span class="risk-words">${riskWords(standing)}</span>
    ${age !== null && html`<span class="risk-age">${text("risk.age", { seconds: Math.round(age) })}</span>`}
  </span>`;
}

/** Why, in words: the strongest first. @param {{standing: import("../risk.js").PersonRisk}} properties */
export function RiskReasons({ standing }) {
  const reasons = [...standing.reasons].sort((one, other) => Math.abs(other.share) - Math.abs(one.share));
  if (reasons.length === 0) return html`<p class="fine">${text("risk.no_reasons")}</p>`;
  return html`<ul class="reasons">
    ${reasons.map(
      (one) => html`<li key=${one.signal + one.reason} class="reason">
        <span class="reason-share">${one.share > 0 ? "+" : ""}${one.share.toFixed(2)}</span>
        <span><strong>${signalName(one.signal)}</strong>${" "}${reasonText(one.reason, one.words)}</span>
      </li>`,
    )}
  </ul>`;
}

/** Detectors that are plugged in have a name behind their kind's. @param {string} signal */
export function signalName(signal) {
  const [kind = "", which = ""] = signal.split(".");
  return known(`signal.${signal}`) ?? `${known(`signal.${kind}`) ?? kind} ${which}`.trim();
}

/** @param {string} code @param {string} words the server's own, in English */
export const reasonText = (code, words) => known(`reason.${code}`) ?? words;

/** A text, if there is one: detectors that are plugged in bring words of their own. @param {string} key */
function known(key) {
  const found = text(key);
  return found === key ? null : found;
}
