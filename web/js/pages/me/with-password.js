/** One deed that takes the password: a session alone does not show that an account is one's own. */

import { text } from "../../i18n.js";
import { PasswordField } from "../../ui/field.js";
import { Form, Submit } from "../../ui/form.js";
import { html } from "../../ui/html.js";

/** @param {{submit: (values: Record<string, string>) => Promise<void>, words: string, kind?: "primary" | "danger"}} properties */
export function WithPassword({ submit, words, kind = "primary" }) {
  return html`<${Form} onSubmit=${submit} blame=${{ wrong_credentials: "password" }}>
    ${(/** @type {(field: string) => string | null} */ about) => html`
      <${PasswordField} name="password" label=${text("authenticator.password")} autocomplete="current-password" error=${about("password")} />
      <${Submit} kind=${kind}>${words}</${Submit}>
    `}
  </${Form}>`;
}
