/** Drawings of 24 by 24 units, in the colour of the text beside them; never the only label. */

import { html } from "./html.js";

const PATHS = {
  arrow: "M5 12h14M13 6l6 6-6 6",
  check: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h10v10H9zM5 15V5h10",
  device: "M4 5h16v11H4zM9 20h6M12 16v4",
  door: "M13 4h6v16h-6M4 12h11M11 8l4 4-4 4",
  key: "M14.5 9.5a4 4 0 1 1-3.9 5H4v3h3v-2h2M15 13.4v.2",
  people: "M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11zM3 19.5c0-3 2.7-5 6-5s6 2 6 5M16 5a3 3 0 0 1 0 5.8M17.5 14.8c2.1.6 3.5 2.3 3.5 4.7",
  plus: "M12 5v14M5 12h14",
  time: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.5l3 1.8",
  warning: "M12 4l9 16H3zM12 10v4.5M12 17.2v.1",
};

/** @param {{name: keyof typeof PATHS}} properties */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d=${PATHS[name]} />
  </svg>`;
}
