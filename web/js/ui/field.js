/** Labelled fields: the label above, a hint below, and what is wrong in words beside it. */

import { useId, useState } from "preact/hooks";
import { text } from "../i18n.js";
import { html } from "./html.js";

/** @typedef {import("./html.js").Children} Children */

/**
 * @typedef {object} FieldProperties
 * @property {string} name
 * @property {string} label
 * @property {string} [hint]
 * @property {string | null} [error]
 * @property {string} [value] what it holds at first
 * @property {boolean} [required]
 * @property {number} [maxLength]
 * @property {string} [autocomplete]
 */

/**
 * Ids of what describes a field, and the attributes that point there.
 *
 * @param {FieldProperties} properties
 */
function useDescription({ hint, error }) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return { id, describedBy: described || undefined, invalid: error ? "true" : undefined };
}

/**
 * @param {{id: string, properties: FieldProperties, children: Children}} parts
 */
function Framed({ id, properties, children }) {
  const { label, hint, error, required } = properties;
  const optional = required ? null : html`<span class="field-optional">${text("field.optional")}</span>`;
  return html`<div class="field">
    <label class="field-label" for=${id}>${label} ${optional}</label>
    ${children}
    ${hint && html`<p class="field-hint" id="${id}-hint">${hint}</p>`}
    ${error && html`<p class="field-error" id="${id}-error" role="alert">${error}</p>`}
  </div>`;
}

/**
 * One line of text.
 *
 * @param {FieldProperties & {
 *   type?: string, inputMode?: string, pattern?: string, min?: number, max?: number,
 *   spellcheck?: boolean, autocapitalize?: string,
 * }} properties
 */
export function TextField(properties) {
  const { name, value, required, maxLength, autocomplete, type = "text" } = properties;
  const { inputMode, pattern, min, max, spellcheck, autocapitalize } = properties;
  const { id, describedBy, invalid } = useDescription(properties);
  return html`<${Framed} id=${id} properties=${properties}>
    <input
      class="input" id=${id} name=${name} type=${type} defaultValue=${value} required=${required}
      maxlength=${maxLength} autocomplete=${autocomplete} inputmode=${inputMode} pattern=${pattern}
      min=${min} max=${max} spellcheck=${spellcheck} autocapitalize=${autocapitalize}
      aria-describedby=${describedBy} aria-invalid=${invalid}
    />
  </${Framed}>`;
}

/**
 * A password that can be looked at while it is typed.
 *
 * @param {FieldProperties & {minLength?: number}} properties
 */
export function PasswordField(properties) {
  const { name, maxLength = 1024, minLength, autocomplete } = properties;
  const [shown, setShown] = useState(false);
  const { id, describedBy, invalid } = useDescription(properties);
  return html`<${Framed} id=${id} properties=${{ ...properties, required: true }}>
    <div class="input-pair">
      <input
        class="input" id=${id} name=${name} type=${shown ? "text" : "password"} required
        minlength=${minLength} maxlength=${maxLength} autocomplete=${autocomplete}
        spellcheck=${false} autocapitalize="none"
        aria-describedby=${describedBy} aria-invalid=${invalid}
      />
      <button
        type="button" class="button button-quiet input-side" aria-pressed=${shown ? "true" : "false"}
        aria-label=${text("field.show_password")} onClick=${() => setShown(!shown)}
      >${text(shown ? "field.hide" : "field.show")}</button>
    </div>
  </${Framed}>`;
}

/** @param {FieldProperties & {rows?: number}} properties several lines of text */
export function LongTextField(properties) {
  const { name, value, maxLength, rows = 4 } = properties;
  const { id, describedBy, invalid } = useDescription(properties);
  return html`<${Framed} id=${id} properties=${properties}>
    <textarea
      class="input" id=${id} name=${name} rows=${rows} maxlength=${maxLength}
      defaultValue=${value} aria-describedby=${describedBy} aria-invalid=${invalid}
    ></textarea>
  </${Framed}>`;
}

/**
 * One of a few.
 *
 * @param {FieldProperties & {choices: readonly (readonly [string, string])[]}} properties
 *   `choices` are pairs of value and words
 */
export function ChoiceField(properties) {
  const { name, value, choices } = properties;
  const { id, describedBy, invalid } = useDescription(properties);
  const options = choices.map(
    ([each, words]) => html`<option value=${each} selected=${each === value}>${words}</option>`,
  );
  return html`<${Framed} id=${id} properties=${{ ...properties, required: true }}>
    <select
      class="input" id=${id} name=${name} aria-describedby=${describedBy} aria-invalid=${invalid}
    >${options}</select>
  </${Framed}>`;
}
