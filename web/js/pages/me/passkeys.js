/** One's passkeys: made here, listed with their last use, removed. */

import { distance, errorText, moment, text } from "../../i18n.js";
import { hasPasskeys, makePasskey, passkeys, removePasskey } from "../../passkeys.js";
import { Button } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { PasswordField, TextField } from "../../ui/field.js";
import { Form, Submit } from "../../ui/form.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { NotYet, useDeed, useLoaded } from "../../ui/loaded.js";
import { Notice } from "../../ui/notice.js";
import { announce } from "../../ui/toast.js";

export function PasskeysCard() {
  const listed = useLoaded(passkeys);
  return html`<${Card} title=${text("passkeys.title")} lead=${text("passkeys.lead")}>
    ${listed.thing === null
      ? html`<${NotYet} ...${listed} rows=${1} />`
      : listed.thing.length > 0 && html`<ul class="devices">
          ${listed.thing.map((passkey) => html`<${Row} key=${passkey.id} passkey=${passkey} onRemoved=${listed.again} />`)}
        </ul>`}
    <div class="below">
      ${hasPasskeys() ? html`<${Make} onMade=${listed.again} />` : html`<p class="fine">${text("passkeys.not_here")}</p>`}
    </div>
  </${Card}>`;
}

/** @param {{passkey: import("../../passkeys.js").Passkey, onRemoved: () => Promise<void>}} properties */
function Row({ passkey, onRemoved }) {
  const { id, name, made_at: madeAt, used_at: usedAt } = passkey;
  const removing = useDeed(async () => {
    await removePasskey(id);
    announce(text("passkeys.removed"));
    await onRemoved();
  });
  return html`<li class="device">
    <${Icon} name="key" />
    <div class="device-words">
      <p class="device-name">${name}</p>
      <p class="fine dotted">
        <span>${text("passkeys.made", { when: moment(madeAt) })}</span>
        <span>${usedAt === null ? text("passkeys.unused") : text("devices.used", { when: distance(usedAt, Date.now()) })}</span>
      </p>
    </div>
    <${Button} kind="danger" busy=${removing.busy} label=${text("passkeys.remove_which", { name })} onClick=${removing.run}>${text("passkeys.remove")}</${Button}>
    ${removing.failure !== null && html`<${Notice} kind="danger">${errorText(removing.failure)}</${Notice}>`}
  </li>`;
}

/** @param {{onMade: () => Promise<void>}} properties */
function Make({ onMade }) {
  /** @param {Record<string, string>} values @param {HTMLFormElement} form */
  const submit = async ({ name = "", password = "" }, form) => {
    await makePasskey(name.trim(), password);
    form.reset();
    announce(text("passkeys.done"));
    await onMade();
  };
  return html`<${Form} onSubmit=${submit} blame=${{ wrong_credentials: "password" }}>
    ${(/** @type {(field: string) => string | null} */ about) => html`
      <div class="fields">
        <${TextField} name="name" label=${text("passkeys.name")} required maxLength=${64} autocomplete="off" />
        <${PasswordField} name="password" label=${text("authenticator.password")} autocomplete="current-password" error=${about("password")} />
      </div>
      <${Submit}>${text("passkeys.make")}</${Submit}>
    `}
  </${Form}>`;
}
