/** Signing in with name and password. */

import { pages, safeNext, withNext } from "../addresses.js";
import { text } from "../i18n.js";
import { signIn, wasEnded } from "../session.js";
import { PasswordField, TextField } from "../ui/field.js";
import { Form, Submit } from "../ui/form.js";
import { html } from "../ui/html.js";
import { Notice } from "../ui/notice.js";
import { open } from "../ui/shell.js";

const next = safeNext(new URLSearchParams(location.search).get("next"), location.origin);

function Login() {
  /** @param {Record<string, string>} values */
  const submit = async ({ name = "", password = "" }) => {
    await signIn(name, password);
    location.assign(next);
  };
  return html`<div class="narrow">
    <section class="card card-door">
      <h1 class="page-title">${text("login.title")}</h1>
      ${wasEnded.value && html`<${Notice} kind="plain">${text("error.session_ended")}</${Notice}>`}
      <${Form} onSubmit=${submit}>
        ${() => html`
          <${TextField}
            name="name" label=${text("login.name")} required maxLength=${64} autocomplete="username"
            spellcheck=${false} autocapitalize="none"
          />
          <${PasswordField}
            name="password" label=${text("login.password")} autocomplete="current-password"
          />
          <${Submit} wide>${text("action.sign_in")}</${Submit}>
        `}
      </${Form}>
      <p class="card-foot">
        ${text("login.no_account")}${" "}
        <a href=${withNext(pages.register, next)}>${text("action.make_account")}</a>
      </p>
    </section>
  </div>`;
}

open({
  title: "login.title",
  content: Login,
  elsewhere: (profile) => (profile === null || profile.role === "guest" ? null : next),
});
