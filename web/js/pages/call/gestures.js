/** Gestures: chosen in the bar, and shown to all for a moment. */

import { useEffect, useState } from "preact/hooks";
import { text } from "../../i18n.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";

/** @typedef {import("../../call/in-call.js").InCall} InCall */

/** Each is also the name of its drawing: not every system has pictures in its letters. */
const GESTURES = /** @type {const} */ (["thumbs_up", "clap", "heart", "laugh", "surprise", "celebrate"]);

/** @typedef {typeof GESTURES[number]} Gesture */

const SHOWN_MS = 4000;

/** @param {{call: InCall}} properties */
export function Gestures({ call }) {
  const [isOpen, setOpen] = useState(false);
  const choose = (/** @type {string} */ name) => {
    call.gesture(name);
    setOpen(false);
  };
  const escape = (/** @type {KeyboardEvent} */ event) => event.key === "Escape" && setOpen(false);
  return html`<div class="gestures" onClick=${(/** @type {Event} */ event) => event.stopPropagation()} onKeyDown=${escape}>
    <button
      type="button" class="round bar-button ${isOpen ? "round-on" : ""}" aria-expanded=${isOpen ? "true" : "false"} aria-label=${text("gesture.name")}
      title=${text("gesture.name")} onClick=${() => setOpen(!isOpen)}
    ><${Icon} name="smile" /><span class="bar-words" aria-hidden="true">${text("gesture.name")}</span></button>
    ${isOpen &&
    html`<div class="gesture-menu">
      ${GESTURES.map(
        (name) => html`<button
          key=${name} type="button" class="round" aria-label=${text(`gesture.${name}`)} title=${text(`gesture.${name}`)} onClick=${() => choose(name)}
        ><${Icon} name=${name} /></button>`,
      )}
    </div>`}
  </div>`;
}

/** What was shown within the last moment, by whom. @param {{call: InCall}} properties */
export function GesturesSeen({ call }) {
  const [seen, setSeen] = useState(/** @type {{key: number, gesture: Gesture, words: string}[]} */ ([]));
  useEffect(
    () =>
      call.stay.on("event", ({ kind, actor, sequence, body }) => {
        const gesture = GESTURES.find((one) => one === body.gesture);
        if (kind !== "person.gesture" || gesture === undefined) return;
        const name = call.roster.value.get(actor)?.name ?? "";
        const words = text("gesture.by", { name, gesture: text(`gesture.${gesture}`) });
        setSeen((before) => [...before.slice(-4), { key: sequence, gesture, words }]);
        setTimeout(() => setSeen((before) => before.filter((one) => one.key !== sequence)), SHOWN_MS);
      }),
    [call],
  );
  return html`<div class="gestures-seen" role="log" aria-label=${text("gesture.seen")}>
    ${seen.map((one) => html`<p key=${one.key} class="gesture-seen"><${Icon} name=${one.gesture} /><span class="gesture-by">${one.words}</span></p>`)}
  </div>`;
}
