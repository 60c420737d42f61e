/** A link as a square that a phone's camera reads. */

import { text } from "../i18n.js";
import { qrMatrix, svgPath } from "../qr.js";
import { html } from "./html.js";

// ISO/IEC 18004, 5.3.8: readers need four light modules on every side.
const QUIET = 4;

/** @param {{value: string}} properties */
export function QrCode({ value }) {
  const matrix = qrMatrix(value);
  const size = matrix.length + 2 * QUIET;
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label=${text("invite.qr")}>
    <path d=${svgPath(matrix, QUIET)} />
  </svg>`;
}
