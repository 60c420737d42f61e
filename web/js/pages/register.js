/** Making an account. */

import { pages, safeNext, withNext } from "../addresses.js";
import { text } from "../i18n.js";
import { register } from "../session.js";
import { PasswordField, TextField } from "../ui/field.js";
import { Form, Submit } from "../ui/form.js";
import { html } from "../ui/html.js";
import { open } from "../ui/shell.js";

const BLAME = { name_taken: "name", name_refused: "name", weak_password: "password" };

const next = safeNext(new URLSearchParams(location.search).get("next"), location.origin);

function Register() {
  /** @param {Record<string, string>} values */
  const submit = async ({ name = "", password = "", nickname = "" }) => {
    await register(name, password, nickname.trim());
    location.assign(next);
  };
  return html`<div class="narrow">
    <section class="card card-door">
      <h1 class="page-title">${text("register.title")}</h1>
      <${Form} onSubmit=${submit} blame=${BLAME}>
        ${(/** @type {(field: string) => string | null} */ about) => html`
          <${TextField}
            name="name" label=${text("login.name")} hint=${text("register.name_hint")} required
            maxLength=${32} autocomplete="username" spellcheck=${false} autocapitalize="none"
            error=${about("name")}
          />
          <${TextField}
            name="nickname" label=${text("profile.nickname")} hint=${text("register.nickname_hint")}
            maxLength=${64} autocomplete="nickname"
          />
          <${PasswordField}
            name="password" label=${text("login.password")} hint=${text("password.hint")}
            minLength=${8} autocomplete="new-password" error=${about("password")}
          />
          <${Submit} wide>${text("action.make_account")}</${Submit}>
        `}
      </${Form}>
      <p class="card-foot">
        ${text("register.have_account")}${" "}
        <a href=${withNext(pages.login, next)}>${text("action.sign_in")}</a>
      </p>
    </section>
  </div>`;
}

open({
  title: "register.title",
  content: Register,
  elsewhere: (profile) => (profile === null || profile.role === "guest" ? null : next),
});
