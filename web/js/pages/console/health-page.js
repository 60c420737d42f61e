/** How the machine does: what it depends on, its processes, and the numbers that tell of load. */

import { useEffect } from "preact/hooks";
import { health, load, metrics, numbersIn } from "../../console/operating.js";
import { counted, text } from "../../i18n.js";
import { Card } from "../../ui/card.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { NotYet, useLoaded } from "../../ui/loaded.js";
import { ScoringCard } from "./scoring-card.js";

const AGAIN_MS = 5000;

async function look() {
  const [{ checks }, written, working] = await Promise.all([health(), metrics(), load()]);
  return { checks, numbers: numbersIn(written), working, atMs: Date.now() };
}

/** What of the metrics is shown, in this order: their names are those of the metrics page. */
const SHOWN = /^(candor_(loop_lag_seconds|http_connections|store_writes_pending|child_restarts|sfu_|media_|detection_|risk_|socket)|process_(resident_memory_bytes|open_fds|cpu_seconds_total))/;

export function HealthPage() {
  const { thing, failure, again } = useLoaded(look);
  useEffect(() => {
    const timer = setInterval(again, AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  if (thing === null) return html`<${NotYet} failure=${failure} again=${again} rows=${6} />`;
  const numbers = thing.numbers.filter(({ name }) => SHOWN.test(name) && !/_(created|bucket)$/.test(name));
  return html`
    <header class="console-head"><h1 class="page-title">${text("console.health")}</h1></header>
    <div class="columns columns-even">
      <${Card} title=${text("health.parts")} lead=${text("health.parts_lead")}>
        <ul class="checks">
          ${thing.checks.map(
            ({ name, ok, detail }) => html`<li key=${name} class="check-step check-${ok ? "pass" : "fail"}">
              <${Icon} name=${ok ? "check" : "close"} />
              <div><strong>${name}</strong><span class="badge">${text(ok ? "health.works" : "health.does_not")}</span><p class="lead">${detail}</p></div>
            </li>`,
          )}
        </ul>
      </${Card}>
      <${ScoringCard} load=${thing.working.detection} atMs=${thing.atMs} />
      <${Card} title=${text("health.processes")} lead=${text("health.processes_lead")}>
        <dl class="numbers">
          ${thing.working.processes.map(({ name, state, restarts }) => html`<div key=${name}><dt class="code">${name}</dt><dd>${state}${restarts > 0 && ` · ${counted("health.restarts", restarts)}`}</dd></div>`)}
          ${thing.working.media.map((address) => html`<div key=${address}><dt>${text("health.port")}</dt><dd class="code">${address}</dd></div>`)}
        </dl>
      </${Card}>
      <${Card} title=${text("health.numbers")} lead=${text("health.numbers_lead")}>
        <dl class="numbers">
          ${numbers.map(({ name, labels, value }) => html`<div key=${name + labels}><dt class="code">${name}${labels && html` <span class="fine">${labels}</span>`}</dt><dd>${shortly(value)}</dd></div>`)}
        </dl>
      </${Card}>
    </div>
  `;
}

/** @param {number} value */
const shortly = (value) => new Intl.NumberFormat(undefined, { maximumFractionDigits: 3, notation: value >= 1e6 ? "compact" : "standard" }).format(value);
