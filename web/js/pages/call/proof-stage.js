/** Being asked to prove one's account: who asks and why, a way to answer, a way to refuse, the end. */

import { errorText, text } from "../../i18n.js";
import { signedBy } from "../../passkeys.js";
import { Button } from "../../ui/button.js";
import { Dialog } from "../../ui/dialog.js";
import { TextField } from "../../ui/field.js";
import { Form, Submit } from "../../ui/form.js";
import { html } from "../../ui/html.js";
import { useDeed } from "../../ui/loaded.js";
import { Notice } from "../../ui/notice.js";

/** @typedef {import("../../call/proving.js").Proving} Proving */

/** @param {{proving: Proving}} properties */
export function ProofStage({ proving }) {
  const now = proving.now.value;
  if (now === null) return null;
  const { question, outcome } = now;
  const leave = () => (proving.now.value?.outcome === null ? proving.refuse() : proving.close());
  return html`<${Dialog} key=${question.id} title=${text("proof.title")} onClose=${leave}>
    ${outcome === null
      ? html`<${Asked} proving=${proving} question=${question} />`
      : html`<div class="stack" role="status">
          <p class="lead">${text(`proof.ended.${outcome}`)}</p>
          <div class="row"><${Button} kind="primary" onClick=${() => proving.close()}>${text("action.close")}</${Button}></div>
        </div>`}
  </${Dialog}>`;
}

/** @param {{proving: Proving, question: import("../../call/proving.js").Question}} properties */
function Asked({ proving, question }) {
  /** @param {Record<string, string>} values */
  const submit = async ({ code = "" }) => proving.answer(code);
  return html`<div class="stack">
    <p class="lead">${text(`proof.why.${question.why}`, { name: question.by })}</p>
    <p>${text("proof.what")}</p>
    ${question.ways.includes("passkey") && html`<${ByPasskey} proving=${proving} />`}
    ${question.ways.includes("authenticator") &&
    html`<${Form} onSubmit=${submit} blame=${{ wrong_code: "code" }}>
      ${(/** @type {(field: string) => string | null} */ about) => html`
        <${TextField} name="code" label=${text("proof.code")} hint=${text("proof.code_hint")} required autocomplete="one-time-code" maxLength=${32} spellcheck=${false} autocapitalize="none" error=${about("code")} />
        <${Submit}>${text("proof.prove")}</${Submit}>
      `}
    </${Form}>`}
    <p class="fine">${text("proof.may_refuse")}</p>
    <div class="row"><${Button} onClick=${() => proving.refuse()}>${text("proof.refuse")}</${Button}></div>
  </div>`;
}

/** @param {{proving: Proving}} properties */
function ByPasskey({ proving }) {
  const { busy, failure, run } = useDeed(() => proving.answerBy(signedBy));
  return html`<div class="stack">
    <div class="row"><${Button} kind="primary" busy=${busy} onClick=${run}>${text("proof.by_passkey")}</${Button}></div>
    ${failure !== null && html`<${Notice} kind="danger">${errorText(failure)}</${Notice}>`}
  </div>`;
}
