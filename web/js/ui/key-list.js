/** Keys, and what each does. */

import { html } from "./html.js";

/** @param {{keys: readonly (readonly [string, string])[]}} properties pairs of a key's name and words */
export const KeyList = ({ keys }) => html`<dl class="keys">
  ${keys.map(([key, words]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${words}</dd></div>`)}
</dl>`;
