/** Files as messages show them; each has its place before it is there. */

import { language, text } from "../../i18n.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";

/** @typedef {import("../../chat/messages.js").Attachment} Attachment */

const LONGEST_PX = 320;

/** As large as it is shown, in its own proportions. @param {Attachment} file */
function shownSize({ width = 4, height = 3 }) {
  const scale = Math.min(1, LONGEST_PX / Math.max(width, height));
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/** @param {{file: Attachment, onOpen: () => void}} properties */
export function Picture({ file, onOpen }) {
  const { width, height } = shownSize(file);
  return html`<button type="button" class="picture" aria-label=${text("file.open_picture", { name: file.name })} onClick=${onOpen}>
    <img src=${file.thumbnail ?? file.url} alt="" width=${width} height=${height} loading="lazy" decoding="async" />
  </button>`;
}

/** @param {{file: Attachment}} properties */
export function Video({ file }) {
  const { width, height } = shownSize(file);
  return html`<video class="video" controls preload="none" playsinline src=${file.url} poster=${file.poster} width=${width} height=${height} aria-label=${file.name}></video>`;
}

/** @param {{file: Attachment}} properties */
export function FileCard({ file }) {
  return html`<a class="file-card" href="${file.url}?download=1" download=${file.name}>
    <${Icon} name="file" />
    <span class="file-words"><span class="file-name" dir="auto">${file.name}</span><span class="fine">${sizeOf(file.size)}</span></span>
    <${Icon} name="download" />
  </a>`;
}

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"];

/** @param {number} bytes */
export function sizeOf(bytes) {
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  /** @type {Intl.NumberFormatOptions} */
  const format = { style: "unit", unit: UNITS[step], unitDisplay: "short", maximumFractionDigits: step > 1 ? 1 : 0 };
  return new Intl.NumberFormat(language.value, format).format(bytes / 1000 ** step);
}
