/** What a call needs, step by step, with what to do where something is missing. */

import { CHECKS } from "../../diagnose/checks.js";
import { Run } from "../../diagnose/run.js";
import { text } from "../../i18n.js";
import { me } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { html } from "../../ui/html.js";
import { sceneFor } from "./scene.js";
import { CopyReport, Steps } from "./steps.js";

const run = new Run();

async function begin() {
  if (run.running.value !== null) return;
  const { scene, close } = sceneFor(me.value?.id ?? "");
  await run.go(CHECKS, scene).finally(close);
}

export function SelfTest() {
  const isGuest = me.value?.role === "guest";
  return html`<div class="narrow narrow-wide">
    <${Card} title=${text("diagnose.title")} lead=${text(isGuest ? "diagnose.guests" : "diagnose.lead")}>
      <div class="stack">
        ${!isGuest && html`<div class="row">
          <${Button} kind="primary" busy=${run.running.value !== null} onClick=${begin}>${text("diagnose.begin")}</${Button}>
          ${run.isDone && html`<${CopyReport} run=${run} />`}
        </div>`}
        <${Steps} run=${run} names=${Object.keys(CHECKS)} />
      </div>
    </${Card}>
  </div>`;
}
