/** How a score went over time: risk and confidence, where alerts begin, and what was done when. */

import { useEffect, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { language, text } from "../../i18n.js";
import { html } from "../../ui/html.js";

/** @typedef {import("../../console/alerts.js").PastScore} PastScore */

const HEIGHT = 240;
// A line every ten seconds; what is missing longer was not known.
const GAP_S = 25;

/** @param {string} name of a token */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** @param {string} at */
const seconds = (at) => Date.parse(at) / 1000;

/**
 * What uPlot draws: times, risk and confidence; nothing where nobody knew, and over gaps.
 *
 * @param {readonly PastScore[]} scores oldest first
 * @returns {[number[], (number | null)[], (number | null)[]]}
 */
export function columns(scores) {
  /** @type {[number[], (number | null)[], (number | null)[]]} */
  const [times, risks, confidences] = [[], [], []];
  for (const [index, { at, state, risk, confidence }] of scores.entries()) {
    const before = scores[index - 1];
    if (before !== undefined && seconds(at) - seconds(before.at) > GAP_S) {
      times.push(seconds(before.at) + GAP_S);
      risks.push(null);
      confidences.push(null);
    }
    times.push(seconds(at));
    risks.push(state === "unknown" ? null : risk);
    confidences.push(state === "unknown" ? null : confidence);
  }
  return [times, risks, confidences];
}

/** @param {{scores: PastScore[], events: readonly {at: string, act: string}[], alertRisk: number}} properties `alertRisk` is where alerts begin now */
export function Timeline({ scores, events, alertRisk }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const isDark = useDark();
  useEffect(() => {
    const element = place.current;
    if (element === null || scores.length === 0) return;
    const plot = new uPlot(options(element.clientWidth, events, alertRisk), columns(scores), element);
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [scores, events, alertRisk, language.value, isDark]);
  if (scores.length === 0) return html`<p class="fine">${text("alert.no_past")}</p>`;
  return html`<figure class="timeline"><div ref=${place}></div><figcaption class="fine">${text("alert.timeline", { risk: alertRisk.toFixed(2) })}</figcaption></figure>`;
}

/** Colours are drawn once, so the drawing has to know when the scheme changes. */
function useDark() {
  const [query] = useState(() => matchMedia("(prefers-color-scheme: dark)"));
  const [isDark, setDark] = useState(query.matches);
  useEffect(() => {
    const change = () => setDark(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, [query]);
  return isDark;
}

/** @param {number} second of the epoch */
const clock = (second) => new Intl.DateTimeFormat(language.value, { timeStyle: "medium" }).format(second * 1000);

/**
 * @param {number} width
 * @param {readonly {at: string, act: string}[]} events
 * @param {number} alertRisk
 * @returns {uPlot.Options}
 */
function options(width, events, alertRisk) {
  const [line, muted, danger, accent] = ["--line", "--muted", "--danger", "--accent"].map(colour);
  const axis = { stroke: muted, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
  return {
    width,
    height: HEIGHT,
    scales: { y: { range: [0, 1] } },
    axes: [{ ...axis, space: 90, values: (_, seconds) => seconds.map(clock) }, { ...axis, size: 44 }],
    series: [
      { label: text("alert.line_time"), value: (_, second) => (second === null ? "–" : clock(second)) },
      { label: text("alert.line_risk"), stroke: danger, width: 2, points: { size: 6 } },
      { label: text("alert.line_confidence"), stroke: accent, width: 2, dash: [6, 4], points: { show: false } },
    ],
    hooks: { draw: [(plot) => mark(plot, events, alertRisk, { limit: danger ?? "", event: muted ?? "" })] },
  };
}

/**
 * @param {uPlot} plot
 * @param {readonly {at: string, act: string}[]} events
 * @param {number} alertRisk
 * @param {{limit: string, event: string}} colours
 */
function mark(plot, events, alertRisk, colours) {
  const { ctx: context, bbox: box } = plot;
  context.save();
  context.setLineDash([4, 4]);
  /** @param {[number, number]} from @param {[number, number]} to @param {string} colour */
  const draw = (from, to, colour) => {
    context.strokeStyle = colour;
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(...to);
    context.stroke();
  };
  const y = plot.valToPos(alertRisk, "y", true);
  draw([box.left, y], [box.left + box.width, y], colours.limit);
  for (const { at } of events) {
    const x = plot.valToPos(seconds(at), "x", true);
    if (x >= box.left && x <= box.left + box.width) draw([x, box.top], [x, box.top + box.height], colours.event);
  }
  context.restore();
}
