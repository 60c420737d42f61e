/** A form: sends once at a time, says what went wrong beside the field that is to blame. */

import { createContext } from "preact";
import { useContext, useEffect, useRef, useState } from "preact/hooks";
import { ApiError } from "../api.js";
import { errorText, language } from "../i18n.js";
import { Button } from "./button.js";
import { html } from "./html.js";
import { Notice } from "./notice.js";

/** @typedef {import("./html.js").Children} Children */
/** @typedef {Record<string, string>} Values what the fields hold, by name */
/** @typedef {Readonly<Record<string, string>>} Blame error code to the field's name */

const Busy = createContext(false);

/**
 * @param {{
 *   onSubmit: (values: Values, form: HTMLFormElement) => Promise<void>, blame?: Blame,
 *   children: (about: (field: string) => string | null) => Children,
 * }} properties `about` gives the sentence for a field, or null
 */
export function Form({ onSubmit, blame = {}, children }) {
  const form = useRef(/** @type {HTMLFormElement | null} */ (null));
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState(/** @type {unknown} */ (null));

  useEffect(() => {
    const wrong = form.current?.querySelector('[aria-invalid="true"]');
    if (wrong instanceof HTMLElement) wrong.focus();
  }, [failure]);

  const submit = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (busy || form.current === null) return;
    setBusy(true);
    setFailure(null);
    try {
      await onSubmit(valuesOf(form.current), form.current);
    } catch (error) {
      setFailure(error);
    } finally {
      setBusy(false);
    }
  };

  const blamed = failure instanceof ApiError ? blame[failure.code] : undefined;
  const about = (/** @type {string} */ field) => (blamed === field ? sentence(failure) : null);
  return html`<form class="form" ref=${form} onSubmit=${submit} novalidate=${false}>
    <${Busy.Provider} value=${busy}>
      ${failure !== null && blamed === undefined && html`<${Notice} kind="danger">${sentence(failure)}</${Notice}>`}
      ${children(about)}
    </${Busy.Provider}>
  </form>`;
}

/**
 * The form's own button; busy while the form is.
 *
 * @param {{kind?: "primary" | "soft" | "danger", wide?: boolean, children?: Children}} properties
 */
export function Submit({ kind = "primary", wide, children }) {
  const busy = useContext(Busy);
  return html`<${Button} type="submit" kind=${kind} busy=${busy} wide=${wide}>${children}</${Button}>`;
}

/**
 * The sentence for an error.  The server's detail is in English only, so others get our own words.
 *
 * @param {unknown} error
 */
function sentence(error) {
  const words = errorText(error);
  const detail = error instanceof ApiError && language.value === "en" ? error.detail : null;
  return detail ? `${words} ${detail}` : words;
}

/**
 * @param {HTMLFormElement} form
 * @returns {Values}
 */
function valuesOf(form) {
  const entries = [...new FormData(form)].filter(([, value]) => typeof value === "string");
  return /** @type {Values} */ (Object.fromEntries(entries));
}
