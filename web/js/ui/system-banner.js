/** What those who run the server say, above whatever page one is on, until it is closed. */

import { signal } from "@preact/signals";
import { text } from "../i18n.js";
import { Button } from "./button.js";
import { html } from "./html.js";
import { Icon } from "./icons.js";
import { listen } from "./own-line.js";

/** The oldest one first. */
const said = signal(/** @type {readonly string[]} */ ([]));

/** Listen from now on to the line of whoever is signed in. */
export function listenForMessages() {
  listen(
    (told) => {
      if (told.type === "system") said.value = [...said.value, told.text];
    },
    () => {},
  );
}

/** The region is there before anything is said, so that it is read out. */
export function SystemBanner() {
  const [words] = said.value;
  return html`<div aria-live="polite">
    ${words !== undefined && html`<section class="ring" aria-label=${text("system.title")}>
      <${Icon} name="warning" />
      <div class="ring-words"><strong>${text("system.title")}</strong><span dir="auto">${words}</span></div>
      <${Button} onClick=${() => (said.value = said.value.slice(1))}>${text("system.close")}</${Button}>
    </section>`}
  </div>`;
}
