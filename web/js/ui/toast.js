/** One short sentence about what was just done, shown for a while and read out politely. */

import { signal } from "@preact/signals";
import { html } from "./html.js";
import { Icon } from "./icons.js";

const SHOWN_MS = 6000;

const sentence = signal("");

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** @param {string} words */
export function announce(words) {
  clearTimeout(timer);
  sentence.value = words;
  timer = setTimeout(() => {
    sentence.value = "";
  }, SHOWN_MS);
}

/** The region must be on the page before its first sentence, or nobody hears it. */
export function Toast() {
  return html`<div class="toast-region" role="status" aria-live="polite">
    ${sentence.value && html`<p class="toast"><${Icon} name="check" />${sentence.value}</p>`}
  </div>`;
}
