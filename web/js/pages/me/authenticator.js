/** An app that makes codes: set up with a picture, confirmed by a code, removed. */

import { useState } from "preact/hooks";
import { counted, moment, text } from "../../i18n.js";
import { authenticator, beginAuthenticator, confirmAuthenticator, removeAuthenticator } from "../../proofs.js";
import { Button } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { TextField } from "../../ui/field.js";
import { Form, Submit } from "../../ui/form.js";
import { html } from "../../ui/html.js";
import { NotYet, useLoaded } from "../../ui/loaded.js";
import { QrCode } from "../../ui/qr-code.js";
import { announce } from "../../ui/toast.js";
import { WithPassword } from "./with-password.js";

/** @typedef {import("../../proofs.js").Enrolment} Enrolment */

export function AuthenticatorCard() {
  const standing = useLoaded(authenticator);
  const [enrolment, setEnrolment] = useState(/** @type {Enrolment | null} */ (null));
  const [codes, setCodes] = useState(/** @type {readonly string[]} */ ([]));
  const confirmed = async (/** @type {readonly string[]} */ told) => {
    setCodes(told);
    setEnrolment(null);
    await standing.again();
  };
  return html`<${Card} title=${text("authenticator.title")} lead=${text("authenticator.lead")}>
    ${standing.thing === null && html`<${NotYet} ...${standing} rows=${1} />`}
    ${codes.length > 0 && html`<${Recovery} codes=${codes} onKept=${() => setCodes([])} />`}
    ${standing.thing?.set_up_at && codes.length === 0 && html`<${SetUp} standing=${standing.thing} onRemoved=${standing.again} />`}
    ${standing.thing?.set_up_at === null && (enrolment === null
      ? html`<${Begin} onBegun=${setEnrolment} />`
      : html`<${Enrol} enrolment=${enrolment} onConfirmed=${confirmed} />`)}
  </${Card}>`;
}

/** @param {{onBegun: (enrolment: Enrolment) => void}} properties */
function Begin({ onBegun }) {
  /** @param {Record<string, string>} values */
  const submit = async ({ password = "" }) => onBegun(await beginAuthenticator(password));
  return html`<${WithPassword} submit=${submit} words=${text("authenticator.begin")} />`;
}

/** @param {{enrolment: Enrolment, onConfirmed: (codes: readonly string[]) => Promise<void>}} properties */
function Enrol({ enrolment, onConfirmed }) {
  /** @param {Record<string, string>} values */
  const submit = async ({ code = "" }) => {
    await onConfirmed(await confirmAuthenticator(code));
    announce(text("authenticator.done"));
  };
  return html`<div class="stack">
    <p>${text("authenticator.scan")}</p>
    <${QrCode} value=${enrolment.address} label=${text("authenticator.qr")} />
    <p>${text("authenticator.by_hand")}</p>
    <p class="told-once" data-secret=${enrolment.secret}>${enrolment.secret.match(/.{1,4}/g)?.join(" ")}</p>
    <${Form} onSubmit=${submit} blame=${{ wrong_code: "code" }}>
      ${(/** @type {(field: string) => string | null} */ about) => html`
        <${TextField} name="code" label=${text("authenticator.code")} required inputMode="numeric" autocomplete="one-time-code" maxLength=${7} error=${about("code")} />
        <${Submit}>${text("authenticator.confirm")}</${Submit}>
      `}
    </${Form}>
  </div>`;
}

/** @param {{codes: readonly string[], onKept: () => void}} properties */
function Recovery({ codes, onKept }) {
  return html`<section class="stack" aria-label=${text("authenticator.recovery")}>
    <p class="lead">${text("authenticator.recovery")}</p>
    <p>${text("authenticator.recovery_words")}</p>
    <ul class="told-once">${codes.map((code) => html`<li key=${code}>${code.slice(0, 5)}-${code.slice(5)}</li>`)}</ul>
    <div class="row"><${Button} kind="primary" onClick=${onKept}>${text("authenticator.recovery_kept")}</${Button}></div>
  </section>`;
}

/** @param {{standing: import("../../proofs.js").Authenticator, onRemoved: () => Promise<void>}} properties */
function SetUp({ standing, onRemoved }) {
  /** @param {Record<string, string>} values */
  const remove = async ({ password = "" }) => {
    await removeAuthenticator(password);
    announce(text("authenticator.removed"));
    await onRemoved();
  };
  return html`<div class="stack">
    <p>${text("authenticator.since", { when: moment(standing.set_up_at ?? "") })}</p>
    <p class="fine">${counted("authenticator.left", standing.recovery_codes_left)}</p>
    <details>
      <summary>${text("authenticator.remove")}</summary>
      <${WithPassword} submit=${remove} words=${text("authenticator.remove_now")} kind="danger" />
    </details>
  </div>`;
}
