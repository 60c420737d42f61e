/** Where a face followed the colours of a screen in a light challenge: our own drawing, and the numbers. */

import { text } from "../../i18n.js";
import { html } from "../../ui/html.js";

/** As one sees them in the picture: the person's right is left. Places in a square of 100. */
const REGIONS = /** @type {const} */ ([
  ["forehead", 50, 27, 17, 9],
  ["right cheek", 33, 54, 9, 10],
  ["left cheek", 67, 54, 9, 10],
  ["nose", 50, 50, 6, 12],
  ["chin", 50, 82, 11, 7],
]);
const BACKGROUND = "background";

/** @param {Record<string, number>} measured @returns {boolean} whether regions were kept with it */
export const hasRegions = (measured) => `${BACKGROUND} correlation` in measured;

/** @param {{measured: Record<string, number>}} properties */
export function LitFace({ measured }) {
  const shown = [...REGIONS.map(([name]) => name), BACKGROUND];
  const strength = (/** @type {string} */ name) => Math.max(0, Math.min(1, measured[`${name} correlation`] ?? 0));
  return html`<div class="lit">
    <svg class="lit-face" viewBox="0 0 100 100" aria-hidden="true">
      <rect class="lit-part" width="100" height="100" rx="6" fill-opacity=${strength(BACKGROUND)} />
      <ellipse class="lit-head" cx="50" cy="52" rx="33" ry="43" />
      ${REGIONS.map(([name, x, y, rx, ry]) => html`<ellipse key=${name} class=${`${name} correlation` in measured ? "lit-part" : "lit-part lit-hidden"} cx=${x} cy=${y} rx=${rx} ry=${ry} fill-opacity=${strength(name)} />`)}
    </svg>
    <div>
      <p class="fine">${text("lit.means")}</p>
      <dl class="facts-list">
        ${shown.map((name) => html`<div key=${name}><dt>${named(name.replace(" ", "_"))}</dt><dd>${said(measured, name)}</dd></div>`)}
      </dl>
    </div>
  </div>`;
}

/** @param {string} place */
const named = (place) => text(`lit.${place}`);

/** @param {Record<string, number>} measured @param {string} name */
function said(measured, name) {
  const correlation = measured[`${name} correlation`];
  if (correlation === undefined) return text("lit.hidden");
  const percent = (100 * (measured[`${name} amplitude`] ?? 0)).toFixed(1);
  return text("lit.row", { percent, correlation: correlation.toFixed(2) });
}
