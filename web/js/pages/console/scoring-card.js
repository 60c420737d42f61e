/** How fast people are looked at, from what detection says of its own work. */

import { useRef } from "preact/hooks";
import { language, text } from "../../i18n.js";
import { Card } from "../../ui/card.js";
import { html } from "../../ui/html.js";

/** @typedef {import("../../console/operating.js").DetectionLoad} DetectionLoad */

/** @param {Record<string, number>} counts */
const sumOf = (counts) => Object.values(counts).reduce((sum, one) => sum + one, 0);

/** @param {{load: DetectionLoad | null, atMs: number}} properties `atMs`: when it was asked for */
export function ScoringCard({ load, atMs }) {
  const rate = useRate(load?.looked ?? 0, atMs);
  if (load === null) return html`<${Card} title=${text("health.scoring")}><p class="fine">${text("health.nobody_looks")}</p></${Card}>`;
  const checks = sumOf(load.checks);
  return html`<${Card} title=${text("health.scoring")} lead=${text("health.scoring_lead")}>
    <dl class="numbers">
      <${Row} name=${text("health.participants")} value=${load.participants} />
      <${Row} name=${text("health.oldest")} value=${text("health.seconds", { seconds: load.oldest_look_s.toFixed(1) })} />
      <${Row} name=${text("health.looks")} value=${rate === null ? "–" : text("health.a_second", { rate: rate.toFixed(1) })} />
      <${Row} name=${text("health.busy")} value=${new Intl.NumberFormat(language.value, { style: "percent" }).format(load.busy_share)} />
      <${Row} name=${text("health.waiting")} value=${load.waiting_frames} />
      <${Row} name=${text("health.checks")} value=${checks} />
      ${checks > 0 && Object.entries(load.spent_s).map(([stage, spent]) => html`<${Row} key=${stage} name=${text("health.stage", { stage })} value=${text("health.a_check", { ms: ((1000 * spent) / checks).toFixed(1) })} />`)}
      ${Object.entries(load.dropped).map(([why, count]) => html`<${Row} key=${why} name=${text("health.dropped", { why })} value=${count} />`)}
    </dl>
  </${Card}>`;
}

/** @param {{name: string, value: string | number}} properties */
const Row = ({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;

/** How much a count rose in a second between the last two askings; null before the second. @param {number} count @param {number} atMs */
function useRate(count, atMs) {
  const known = useRef({ count, atMs, rate: /** @type {number | null} */ (null) });
  const { count: before, atMs: since } = known.current;
  if (atMs > since) known.current = { count, atMs, rate: count < before ? null : (1000 * (count - before)) / (atMs - since) };
  return known.current.rate;
}
