/** One alert with all that it stands on: how the score went, why, and what was done by whom and when. */

import { ACTS, actOn, alertOf, giveTo, noteOn, pastScores } from "../../console/alerts.js";
import { thresholds } from "../../console/evidence.js";
import { counted, distance, errorText, moment, text } from "../../i18n.js";
import { me } from "../../session.js";
import { Button, ButtonLink } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { LongTextField } from "../../ui/field.js";
import { Form, Submit } from "../../ui/form.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { NotYet, useLoaded } from "../../ui/loaded.js";
import { RiskBadge, RiskReasons } from "../../ui/risk-badge.js";
import { announce } from "../../ui/toast.js";
import { EvidenceCard } from "./evidence-card.js";
import { ExportButtons } from "./export-buttons.js";
import { nameOf } from "./names.js";
import { SeverityMark } from "./queue.js";
import { Timeline } from "./timeline.js";
import { titleOf } from "./titles.js";

/** @typedef {import("../../console/alerts.js").Alert} Alert */
/** @typedef {import("../../console/alerts.js").AlertAct} AlertAct */

const OUTCOMES = /** @type {const} */ (["true", "false", "inconclusive"]);

/** @param {{board: import("../../console/board.js").Board, id: string}} properties */
export function AlertPage({ board, id }) {
  const change = board.alert.value?.alert.id === id ? board.alert.value : null;
  const { thing, failure, again } = useLoaded(() => alertOf(id), [id, change]);
  if (thing === null) return html`<${NotYet} failure=${failure} again=${again} rows=${6} />`;
  const { alert, acts, looks } = thing;
  const seen = board.wall.value.get(`${alert.room}/${alert.identity}`) ?? null;
  const name = nameOf(alert.identity);
  const rows = () => acts.map((one) => ({ alert: alert.id, person: name, room: alert.room, severity: alert.severity, ...one, actor: nameOf(one.actor) }));
  return html`
    <header class="console-head">
      <${ButtonLink} kind="quiet" href="#alerts"><${Icon} name="arrow-left" />${text("alert.back")}</${ButtonLink}>
      <h1 class="page-title">${text("alert.about", { name })}</h1>
      <${ExportButtons} name="alert" rows=${rows} />
    </header>
    <div class="columns">
      <div class="stack">
        <${Card} title=${text("alert.how")} lead=${text("alert.how_lead", { room: titleOf(alert.room), when: moment(alert.raised_at) })}>
          <div class="stack">
            <${Past} alert=${alert} acts=${acts} />
            ${seen === null ? html`<p class="fine">${text("alert.gone")}</p>` : html`<div class="row"><span>${text("alert.now")}</span><${RiskBadge} standing=${seen} /></div><${RiskReasons} standing=${seen} />`}
          </div>
        </${Card}>
        <${EvidenceCard} alert=${alert} />
        <${Card} title=${text("alert.history")}><ol class="acts">${acts.map((act) => html`<${ActRow} key=${act.at + act.act} act=${act} />`)}</ol></${Card}>
        <${Card} title=${text("alert.looked")} lead=${text("alert.looked_lead")}><ol class="acts">${looks.map((look) => html`<${LookRow} key=${look.actor} look=${look} />`)}</ol></${Card}>
      </div>
      <${Life} alert=${alert} again=${again} />
    </div>
  `;
}

/** @param {{alert: Alert, acts: AlertAct[]}} properties */
function Past({ alert, acts }) {
  const load = () => Promise.all([pastScores(alert.call, alert.identity), thresholds()]);
  const { thing, failure, again } = useLoaded(load, [alert.call, alert.identity, alert.last_at]);
  if (thing === null) return html`<${NotYet} failure=${failure} again=${again} rows=${2} />`;
  const [scores, { raise_risk: alertRisk }] = thing;
  return html`<${Timeline} scores=${scores} events=${acts} alertRisk=${alertRisk} />`;
}

/** @param {{alert: Alert, again: () => Promise<void>}} properties */
function Life({ alert, again }) {
  const { id, state, severity, outcome, owner, times } = alert;
  const isMine = owner === me.value?.id;
  const doing = (/** @type {() => Promise<unknown>} */ act) => () => act().then(again, (error) => announce(errorText(error)));
  /** @param {Record<string, string>} values @param {HTMLFormElement} form */
  const note = async ({ note: words = "" }, form) => {
    await noteOn(id, words);
    form.reset();
    await again();
  };
  const act = (/** @type {string} */ name, /** @type {string | null} */ result = null) => doing(() => actOn(id, name, "", result));
  return html`<${Card} title=${text("alert.life")} className="life">
    <div class="stack">
      <dl class="facts-list">
        <div><dt>${text("alert.severity")}</dt><dd><${SeverityMark} severity=${severity} />${text(`alert.severity.${severity}`)}</dd></div>
        <div><dt>${text("alert.state")}</dt><dd data-state=${state}>${text(outcome === null ? `alert.state.${state}` : `alert.outcome.${outcome}`)}</dd></div>
        <div><dt>${text("alert.owner")}</dt><dd>${owner === null ? text("alert.nobody") : nameOf(owner)}</dd></div>
        <div><dt>${text("alert.clock")}</dt><dd title=${moment(alert.raised_at)}>${distance(alert.raised_at, Date.now())}</dd></div>
        <div><dt>${text("alert.raised")}</dt><dd>${counted("alert.times", times)}</dd></div>
      </dl>
      <div class="row">
        ${ACTS[state].filter((one) => one !== "close").map((one) => html`<${Button} key=${one} kind=${one === "acknowledge" ? "primary" : "soft"} onClick=${act(one)}>${text(`alert.act.${one}`)}</${Button}>`)}
        ${state !== "closed" && !isMine && html`<${Button} kind="quiet" onClick=${doing(() => giveTo(id, me.value?.id ?? null))}>${text("alert.take")}</${Button}>`}
      </div>
      ${ACTS[state].includes("close") && html`<fieldset class="closing"><legend>${text("alert.close_as")}</legend>
        <div class="row">${OUTCOMES.map((one) => html`<${Button} key=${one} kind=${one === "true" ? "danger" : "soft"} onClick=${act("close", one)}>${text(`alert.outcome.${one}`)}</${Button}>`)}</div>
      </fieldset>`}
      <${Form} onSubmit=${note}>
        ${() => html`<${LongTextField} name="note" label=${text("alert.note")} maxLength=${2000} rows=${3} required /><${Submit} kind="soft">${text("alert.note_keep")}</${Submit}>`}
      </${Form}>
    </div>
  </${Card}>`;
}

/** @param {{act: AlertAct}} properties */
function ActRow({ act: { at, actor, act, note } }) {
  return html`<li class="act"><time datetime=${at}>${moment(at)}</time>
    <span><strong>${text(`alert.done.${act}`)}</strong> ${actor === "detection" ? text("alert.by_detection") : nameOf(actor)}${act === "note" || (note !== "" && act !== "assign" && act !== "raise") ? html`<span class="act-note">${note}</span>` : null}</span>
  </li>`;
}

/** @param {{look: import("../../console/alerts.js").AlertLook}} properties */
function LookRow({ look: { actor, times, first_at: first, last_at: last } }) {
  return html`<li class="act"><time datetime=${last}>${moment(last)}</time>
    <span><strong>${nameOf(actor)}</strong> ${times > 1 && `${counted("alert.look_times", times)} ${text("alert.look_first", { when: moment(first) })}`}</span>
  </li>`;
}
