/** "I have an invitation": takes a link or a code and leads to it. */

import { useState } from "preact/hooks";
import { invitationPage } from "../addresses.js";
import { text } from "../i18n.js";
import { codeIn } from "../rooms.js";
import { TextField } from "./field.js";
import { Form, Submit } from "./form.js";
import { html } from "./html.js";

// Ten letters and digits, as the server makes them; this one is nobody's.
const EXAMPLE = "k7m2xq9tba";

export function CodeForm() {
  const [wrong, setWrong] = useState(false);
  /** @param {Record<string, string>} values */
  const go = async (values) => {
    const code = codeIn(values.code ?? "");
    setWrong(code === null);
    if (code !== null) location.assign(invitationPage(code));
  };
  return html`<${Form} onSubmit=${go}>
    ${() => html`
      <${TextField}
        name="code" label=${text("code.label")} hint=${text("code.hint", { example: EXAMPLE })} required autocomplete="off"
        spellcheck=${false} autocapitalize="none" error=${wrong ? text("code.wrong") : null}
      />
      <${Submit} kind="soft">${text("code.submit")}</${Submit}>
    `}
  </${Form}>`;
}
