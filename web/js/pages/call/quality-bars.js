/** How well somebody arrives: bars for a glance, numbers for whoever looks closer. */

import { useId } from "preact/hooks";
import { text } from "../../i18n.js";
import { html } from "../../ui/html.js";

/** @param {{quality: import("../../media/statistics.js").Quality | null, height: number | null}} properties */
export function QualityBars({ quality, height }) {
  const id = useId();
  const bars = quality?.bars ?? 0;
  return html`<span class="quality">
    <button type="button" class="quality-button" aria-label=${text(`quality.bars.${NAMES[bars]}`)} aria-describedby=${id}>
      <span class="bars bars-${bars}" aria-hidden="true"><i></i><i></i><i></i><i></i></span>
    </button>
    <span class="tip" role="tooltip" id=${id}>${quality === null ? text("quality.none") : numbers(quality, height)}</span>
  </span>`;
}

const NAMES = /** @type {const} */ (["unknown", "bad", "weak", "good", "best"]);

/** @param {import("../../media/statistics.js").Quality} quality @param {number | null} height */
function numbers(quality, height) {
  const lines = [
    quality.rttMs !== null && text("quality.rtt", { ms: Math.round(quality.rttMs) }),
    text("quality.loss", { percent: quality.lossPercent.toFixed(1) }),
    text("quality.rate", { kbps: Math.round(quality.kbps) }),
    quality.height > 0 &&
      text("quality.picture", { width: quality.width, height: quality.height, frames: Math.round(quality.framesPerSecond) }),
    height !== null && height > 0 && text("quality.layer", { height }),
  ];
  return lines.filter((line) => line !== false).map((line) => html`<span key=${line}>${line}</span>`);
}
