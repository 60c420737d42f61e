/** Drawings of 24 by 24 units, in the colour of the text beside them; never the only label. */

import { html } from "./html.js";

const PATHS = {
  "arrow-left": "M19 12H5M11 6l-6 6 6 6",
  arrow: "M5 12h14M13 6l6 6-6 6",
  camera: "M4 7h11v10H4zM15 11l5-3v8l-5-3",
  "camera-off": "M4 4l16 16M8 7h7v7M15 11l5-3v8l-3-1.8M4 7.5V17h11",
  chat: "M4 5h16v11H10l-4 4v-4H4z",
  celebrate: "M4 20l4.5-11 6.5 6.5zM13 8c0-2 1-3 3-3.5M16 11c2-.8 3.5-.5 4.5.5M12 4.5v-1M18 7.5l1.5-1.5M20 16v1",
  check: "M5 12.5l4.5 4.5L19 7.5",
  clap: "M8 13l5-5M9.5 15.5l5.5-5.5M12 17l4.5-4.5M6 11l4-4M5.5 14c-1 3 1 6 4.5 6 3 0 4.5-1.5 6.5-3.5l2-2M14 4l.5-2M17.5 5.5L19 4M19 9l2-.5",
  close: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h10v10H9zM5 15V5h10",
  device: "M4 5h16v11H4zM9 20h6M12 16v4",
  door: "M13 4h6v16h-6M4 12h11M11 8l4 4-4 4",
  gear: "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM12 3v3M12 18v3M3 12h3M18 12h3M5.6 5.6l2.2 2.2M16.2 16.2l2.2 2.2M18.4 5.6l-2.2 2.2M7.8 16.2l-2.2 2.2",
  hand: "M7 12.5V7.2a1.4 1.4 0 0 1 2.8 0V11V4.9a1.4 1.4 0 0 1 2.8 0V11V5.9a1.4 1.4 0 0 1 2.8 0V12V8.2a1.4 1.4 0 0 1 2.8 0V15c0 3.4-2.2 5.5-5.4 5.5-2.9 0-4.2-1.2-5.6-3.6L4.6 13.6c-.7-1.4 1-2.4 2.4-1.1z",
  heart: "M12 20s-7.5-4.6-7.5-10A4.2 4.2 0 0 1 12 7.2 4.2 4.2 0 0 1 19.5 10c0 5.4-7.5 10-7.5 10z",
  key: "M14.5 9.5a4 4 0 1 1-3.9 5H4v3h3v-2h2M15 13.4v.2",
  laugh: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM8 13h8c0 2.5-1.8 4-4 4s-4-1.5-4-4zM8.5 9.5l1.5.7M15.5 9.5l-1.5.7",
  layout: "M4 5h7v6H4zM13 5h7v6h-7zM4 13h7v6H4zM13 13h7v6h-7z",
  leave: "M4.5 15.5l-1.2-2.2c3.9-4.9 13.5-4.9 17.4 0l-1.2 2.2-4.3-1.2v-2.2a10 10 0 0 0-6.4 0v2.2z",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  microphone: "M12 4a2.6 2.6 0 0 0-2.6 2.6v5a2.6 2.6 0 0 0 5.2 0v-5A2.6 2.6 0 0 0 12 4zM6.5 11.5a5.5 5.5 0 0 0 11 0M12 17v3.5M9 20.5h6",
  "microphone-off": "M4 4l16 16M9.4 9.4v2.2a2.6 2.6 0 0 0 4 2.2M14.6 11V6.6a2.6 2.6 0 0 0-5.1-.7M6.5 11.5a5.5 5.5 0 0 0 8.6 4.5M17.5 11.5c0 .8-.2 1.6-.5 2.3M12 17v3.5M9 20.5h6",
  more: "M6 11.3v1.4M12 11.3v1.4M18 11.3v1.4",
  people: "M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11zM3 19.5c0-3 2.7-5 6-5s6 2 6 5M16 5a3 3 0 0 1 0 5.8M17.5 14.8c2.1.6 3.5 2.3 3.5 4.7",
  phone: "M7 4h3l1.5 4.5-2 1.5a11 11 0 0 0 4.5 4.5l1.5-2L20 14v3a3 3 0 0 1-3 3C10.5 20 4 13.5 4 7a3 3 0 0 1 3-3z",
  pin: "M9 4h6l-1 6 3 3H7l3-3zM12 13v7",
  "picture-in-picture": "M4 5h16v14H4zM12 12h6v5h-6z",
  plus: "M12 5v14M5 12h14",
  screen: "M3 5h18v11H3zM9 20h6M12 13V8M9.5 10.5L12 8l2.5 2.5",
  smile: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM8.5 14c1.6 2.3 5.4 2.3 7 0M9.2 9.8v.1M14.8 9.8v.1",
  speaker: "M5 10v4h3l4 4V6l-4 4zM15.5 9.5a3.5 3.5 0 0 1 0 5M18 7a7 7 0 0 1 0 10",
  surprise: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 13.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM9 9.5v.1M15 9.5v.1",
  thumbs_up: "M7 11v9H4v-9zM7 11l4-7c1.8 0 2.4 1.2 2 3l-.6 3H18a2 2 0 0 1 2 2.3l-1 5.7A2 2 0 0 1 17 20H7",
  time: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.5l3 1.8",
  warning: "M12 4l9 16H3zM12 10v4.5M12 17.2v.1",
};

/** @param {{name: keyof typeof PATHS}} properties */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d=${PATHS[name]} />
  </svg>`;
}
