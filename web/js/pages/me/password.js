/** Another password; every other session ends with the old one. */

import { text } from "../../i18n.js";
import { changePassword } from "../../people.js";
import { devicesChanged } from "./devices.js";
import { Card } from "../../ui/card.js";
import { PasswordField } from "../../ui/field.js";
import { Form, Submit } from "../../ui/form.js";
import { html } from "../../ui/html.js";
import { announce } from "../../ui/toast.js";

const BLAME = { wrong_credentials: "current", weak_password: "new" };

export function PasswordCard() {
  /**
   * @param {Record<string, string>} values
   * @param {HTMLFormElement} form
   */
  const submit = async (values, form) => {
    await changePassword(values.current ?? "", values.new ?? "");
    form.reset();
    announce(text("password.changed"));
    devicesChanged();
  };
  return html`<${Card} title=${text("password.title")} lead=${text("password.lead")}>
    <${Form} onSubmit=${submit} blame=${BLAME}>
      ${(/** @type {(field: string) => string | null} */ about) => html`
        <div class="fields">
          <${PasswordField}
            name="current" label=${text("password.current")} autocomplete="current-password"
            error=${about("current")}
          />
          <${PasswordField}
            name="new" label=${text("password.new")} hint=${text("password.hint")} minLength=${8}
            autocomplete="new-password" error=${about("new")}
          />
        </div>
        <${Submit}>${text("password.change")}</${Submit}>
      `}
    </${Form}>
  </${Card}>`;
}
