/** One of a few, or all of them; for lists. */

import { text } from "../../i18n.js";
import { html } from "../../ui/html.js";

/**
 * @param {{
 *   label: string, value: string, choices: readonly (readonly [string, string])[],
 *   onChange: (value: string) => void,
 * }} properties `choices` are pairs of value and words
 */
export function Filter({ label, value, choices, onChange }) {
  const change = (/** @type {Event & {currentTarget: HTMLSelectElement}} */ event) => onChange(event.currentTarget.value);
  return html`<label class="console-filter">${label}
    <select class="input" onChange=${change}>
      <option value="" selected=${value === ""}>${text("console.all")}</option>
      ${choices.map(([each, words]) => html`<option key=${each} value=${each} selected=${each === value}>${words}</option>`)}
    </select>
  </label>`;
}
