/** A text as a square that a phone's camera reads. */

import { qrMatrix, svgPath } from "../qr.js";
import { html } from "./html.js";

// ISO/IEC 18004, 5.3.8: readers need four light modules on every side.
const QUIET = 4;

/** @param {{value: string, label: string}} properties `label` says what it is, to whoever does not see it */
export function QrCode({ value, label }) {
  const matrix = qrMatrix(value);
  const size = matrix.length + 2 * QUIET;
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label=${label}>
    <path d=${svgPath(matrix, QUIET)} />
  </svg>`;
}
