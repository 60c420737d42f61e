/** An operator says otherwise of somebody, with a note; shown beside the score, which it does not change. */

import { judge, unjudge } from "../../console/evidence.js";
import { moment, text } from "../../i18n.js";
import { Button } from "../../ui/button.js";
import { ChoiceField, TextField } from "../../ui/field.js";
import { Form, Submit } from "../../ui/form.js";
import { html } from "../../ui/html.js";
import { useDeed } from "../../ui/loaded.js";
import { nameOf } from "./names.js";

const STATES = /** @type {const} */ (["verified", "no_sign", "suspicious", "likely_synthetic", "unknown"]);

/** @param {{seen: import("../../console/wall.js").Seen}} properties */
export function Judge({ seen }) {
  const { call, identity, override } = seen;
  const taking = useDeed(() => unjudge(call, identity));
  if (override) {
    return html`<p class="judged">
      <span>${text("judge.said", { state: text(`risk.${override.state}`), name: nameOf(override.by), when: moment(override.at) })}</span>
      <${Button} kind="quiet" busy=${taking.busy} onClick=${taking.run}>${text("judge.take_back")}</${Button}>
    </p>`;
  }
  /** @param {Record<string, string>} values */
  const say = async ({ state = "", note = "" }) => void (await judge(call, identity, state, note));
  return html`<details class="wall-more">
    <summary>${text("judge.otherwise")}</summary>
    <${Form} onSubmit=${say}>
      ${() => html`
        <${ChoiceField} name="state" label=${text("judge.state")} value="no_sign" choices=${STATES.map((one) => [one, text(`risk.${one}`)])} />
        <${TextField} name="note" label=${text("judge.note")} required maxLength=${2000} autocomplete="off" />
        <${Submit} kind="soft">${text("judge.say")}</${Submit}>
      `}
    </${Form}>
  </details>`;
}
