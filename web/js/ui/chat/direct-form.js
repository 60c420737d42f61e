/** The first words to one person; the chat of the two opens behind them. */

import { chatPage } from "../../addresses.js";
import { sayTo } from "../../chats.js";
import { text } from "../../i18n.js";
import { LongTextField } from "../field.js";
import { Form, Submit } from "../form.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";

/** @param {{id: string, name: string}} properties */
export function DirectForm({ id, name }) {
  /** @param {Record<string, string>} values */
  const send = async ({ words = "" }) => {
    const { room } = await sayTo(id, words);
    location.assign(chatPage(room));
  };
  return html`<${Form} onSubmit=${send} blame=${{ invalid: "words" }}>
    ${(/** @type {(field: string) => string | null} */ about) => html`
      <${LongTextField} name="words" label=${text("direct.words", { name })} maxLength=${4000} rows=${3} required error=${about("words")} />
      <${Submit}><${Icon} name="send" />${text("chat.send")}</${Submit}>
    `}
  </${Form}>`;
}
