/** The words about oneself. */

import { text } from "../../i18n.js";
import { changeProfile } from "../../people.js";
import { take } from "../../session.js";
import { Card } from "../../ui/card.js";
import { LongTextField, TextField } from "../../ui/field.js";
import { Form, Submit } from "../../ui/form.js";
import { html } from "../../ui/html.js";
import { announce } from "../../ui/toast.js";

/** @param {{profile: import("../../session.js").Profile}} properties */
export function ProfileCard({ profile }) {
  /** @param {Record<string, string>} values */
  const submit = async ({ nickname = "", real_name = "", bio = "" }) => {
    take(await changeProfile({ nickname: nickname.trim(), real_name: real_name.trim(), bio }));
    announce(text("profile.saved"));
  };
  return html`<${Card} title=${text("profile.title")} lead=${text("profile.lead")}>
    <${Form} onSubmit=${submit} blame=${{ name_refused: "nickname" }}>
      ${(/** @type {(field: string) => string | null} */ about) => html`
        <div class="fields">
          <${TextField}
            name="nickname" label=${text("profile.nickname")} hint=${text("profile.nickname_hint")}
            value=${profile.nickname} maxLength=${64} autocomplete="nickname" error=${about("nickname")}
          />
          <${TextField}
            name="real_name" label=${text("profile.real_name")} hint=${text("profile.real_name_hint")}
            value=${profile.real_name} maxLength=${64} autocomplete="name"
          />
        </div>
        <${LongTextField} name="bio" label=${text("profile.bio")} value=${profile.bio} maxLength=${2000} />
        <${Submit}>${text("action.save")}</${Submit}>
      `}
    </${Form}>
  </${Card}>`;
}
