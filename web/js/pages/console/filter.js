/** What makes a list shorter: one of a few, some words, a day. */

import { text } from "../../i18n.js";
import { html } from "../../ui/html.js";

/** @typedef {Event & {currentTarget: HTMLInputElement}} Typed */

/**
 * One of a few, or all of them.
 *
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

/**
 * Words that are sought: told of each letter, or once they are written.
 *
 * @param {{
 *   label: string, value: string,
 *   onInput?: (words: string) => void, onChange?: (words: string) => void,
 * }} properties
 */
export function Search({ label, value, onInput, onChange }) {
  return html`<label class="console-search"><span class="unseen">${label}</span>
    <input class="input" type="search" placeholder=${label} value=${value}
      onInput=${(/** @type {Typed} */ event) => onInput?.(event.currentTarget.value)}
      onChange=${(/** @type {Typed} */ event) => onChange?.(event.currentTarget.value)} />
  </label>`;
}

/** @param {{label: string, value: string, onChange: (day: string) => void}} properties `value` as 2026-01-31, or empty */
export function Day({ label, value, onChange }) {
  return html`<label class="console-filter">${label}
    <input class="input" type="date" value=${value} onChange=${(/** @type {Typed} */ event) => onChange(event.currentTarget.value)} />
  </label>`;
}

/**
 * The moment at which a day begins here, or one of the days after it.
 *
 * @param {string} day
 * @param {number} [later] in days
 * @returns {string} empty for no day
 */
export function beginningOf(day, later = 0) {
  if (day === "") return "";
  const begins = new Date(`${day}T00:00`);
  begins.setDate(begins.getDate() + later);
  return begins.toISOString();
}
