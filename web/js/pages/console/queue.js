/** The review queue: alerts by severity, the newest first, gone through by keys. */

import { useRef, useState } from "preact/hooks";
import { SEVERITIES, alertsBy } from "../../console/alerts.js";
import { counted, distance, moment, text } from "../../i18n.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { NotYet, useLoaded } from "../../ui/loaded.js";
import { ExportButtons } from "./export-buttons.js";
import { Filter } from "./filter.js";
import { nameOf } from "./names.js";
import { Preview, usePreview } from "./preview.js";
import { QueueKeys } from "./queue-keys.js";
import { titleOf } from "./titles.js";

/** @typedef {import("../../console/alerts.js").Alert} Alert */
/** @typedef {import("../../console/alerts.js").Severity} Severity */

const STATES = /** @type {const} */ (["new", "acknowledged", "escalated", "closed"]);

/** @param {{board: import("../../console/board.js").Board}} properties */
export function Queue({ board }) {
  const [severity, setSeverity] = useState("");
  const [state, setState] = useState("");
  const changed = board.alert.value;
  const { thing, failure, again } = useLoaded(() => alertsBy({ severity, state }), [severity, state, changed]);
  const alerts = thing?.alerts ?? [];
  const list = useRef(/** @type {HTMLOListElement | null} */ (null));
  const rows = () => alerts.map((one) => ({ ...one, name: nameOf(one.identity), title: titleOf(one.room) }));
  return html`
    <header class="console-head"><h1 class="page-title">${text("console.alerts")}</h1><${ExportButtons} name="alerts" rows=${rows} /></header>
    <div class="severities" role="group" aria-label=${text("alert.severity")}>
      ${["", ...SEVERITIES].map(
        (one) => html`<button key=${one} type="button" class="severity severity-${one || "all"}" aria-pressed=${one === severity ? "true" : "false"} onClick=${() => setSeverity(one)}>
          ${one !== "" && html`<${SeverityMark} severity=${/** @type {Severity} */ (one)} />`}${text(one === "" ? "console.all" : `alert.severity.${one}`)}
          <span class="count" aria-label=${counted("alert.unreviewed", unreviewed(thing, one))}>${unreviewed(thing, one)}</span>
        </button>`,
      )}
      <${Filter} label=${text("alert.state")} value=${state} choices=${STATES.map((one) => [one, text(`alert.state.${one}`)])} onChange=${setState} />
    </div>
    <${QueueKeys} list=${list} again=${again} />
    ${thing === null && html`<${NotYet} failure=${failure} again=${again} rows=${5} />`}
    ${thing !== null && alerts.length === 0 && html`<div class="empty"><${Icon} name="check" /><p>${text("alert.none")}</p></div>`}
    <ol class="queue" ref=${list}>${alerts.map((alert) => html`<${Row} key=${alert.id} alert=${alert} seen=${board.wall.value.get(`${alert.room}/${alert.identity}`) ?? null} />`)}</ol>
  `;
}

/** @param {import("../../console/alerts.js").AlertPage | null} page @param {string} severity */
function unreviewed(page, severity) {
  if (page === null) return 0;
  if (severity !== "") return page.unreviewed[/** @type {Severity} */ (severity)] ?? 0;
  return SEVERITIES.reduce((sum, one) => sum + (page.unreviewed[one] ?? 0), 0);
}

/** One to three strokes beside the word. @param {{severity: Severity}} properties */
export const SeverityMark = ({ severity }) =>
  html`<span class="mark mark-${severity}" aria-hidden="true"><i></i><i></i><i></i></span>`;

/** @param {{alert: Alert, seen: import("../../console/wall.js").Seen | null}} properties */
function Row({ alert, seen }) {
  const { id, identity, room, severity, state, outcome, owner, times } = alert;
  const name = nameOf(identity);
  const preview = usePreview();
  return html`<li class="alert-item" ...${preview.listening}>
    <a class="alert-row alert-${severity} alert-${state}" href="#alerts/${id}" data-alert=${id} data-state=${state}>
      <span class="alert-severity"><${SeverityMark} severity=${severity} />${text(`alert.severity.${severity}`)}</span>
      <span class="alert-words"><strong>${name}</strong><span class="fine">${titleOf(room)}${seen !== null && ` · ${text("alert.still_here")}`}</span></span>
      <span class="alert-risk">${text("alert.risk", { risk: alert.risk.toFixed(2), confidence: alert.confidence.toFixed(2) })}${times > 1 && html` <span class="badge">${counted("alert.times", times)}</span>`}</span>
      <span class="alert-when" title=${moment(alert.last_at)}>${distance(alert.last_at, Date.now())}</span>
      <span class="alert-state"><span class="badge">${text(outcome === null ? `alert.state.${state}` : `alert.outcome.${outcome}`)}</span>${owner !== null && html`<span class="fine">${nameOf(owner)}</span>`}</span>
    </a>
    ${preview.isWanted && html`<${Preview} alert=${id} name=${name} />`}
  </li>`;
}
