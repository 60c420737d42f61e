/** The pictures of an alert beside its row, for whoever rests on it with pointer or keyboard. */

import { useEffect, useRef, useState } from "preact/hooks";
import { captureAddress, capturesOf } from "../../console/evidence.js";
import { text } from "../../i18n.js";
import { html } from "../../ui/html.js";
import { useLoaded } from "../../ui/loaded.js";

// Every look is on record, and passing over a row is none.
const REST_MS = 350;
const MOST_SHOWN = 3;

/** Whether somebody rests there, and what has to be listened to for that. */
export function usePreview() {
  const [isWanted, setWanted] = useState(false);
  const timer = useRef(/** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined));
  const rest = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setWanted(true), REST_MS);
  };
  const go = () => {
    clearTimeout(timer.current);
    setWanted(false);
  };
  useEffect(() => go, []);
  return { isWanted, listening: { onMouseEnter: rest, onMouseLeave: go, onFocusIn: rest, onFocusOut: go } };
}

/** @param {{alert: string, name: string}} properties */
export function Preview({ alert, name }) {
  const { thing, failure } = useLoaded(() => capturesOf(alert), [alert]);
  if (thing === null && failure === null) return null;
  const pictures = (thing ?? []).filter((one) => one.media_type.startsWith("image/")).slice(-MOST_SHOWN);
  return html`<figure class="preview">
    ${pictures.map((one) => html`<img key=${one.id} src=${captureAddress(one.id)} alt=${text("alert.preview", { name })} />`)}
    ${pictures.length === 0 && html`<figcaption class="fine">${text("evidence.no_captures")}</figcaption>`}
  </figure>`;
}
