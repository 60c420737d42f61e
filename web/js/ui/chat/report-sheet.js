/** Tell those who keep order what is wrong with a message. */

import { report } from "../../chats.js";
import { text } from "../../i18n.js";
import { Dialog } from "../dialog.js";
import { LongTextField } from "../field.js";
import { Form, Submit } from "../form.js";
import { html } from "../html.js";
import { announce } from "../toast.js";
import { gistOf } from "./quote.js";

/** @param {{message: import("../../chat/messages.js").Message, onClose: () => void}} properties */
export function ReportSheet({ message, onClose }) {
  /** @param {Record<string, string>} values */
  const send = async ({ reason = "" }) => {
    await report(message.id, reason.trim());
    announce(text("report.done"));
    onClose();
  };
  return html`<${Dialog} title=${text("report.title")} onClose=${onClose}>
    <p class="lead">${text("report.lead")}</p>
    <blockquote class="quote-still"><span class="quote-words" dir="auto">${gistOf(message)}</span></blockquote>
    <${Form} onSubmit=${send} blame=${{ invalid: "reason" }}>
      ${(/** @type {(field: string) => string | null} */ about) => html`
        <${LongTextField} name="reason" label=${text("report.reason")} maxLength=${500} rows=${3} required error=${about("reason")} />
        <${Submit} kind="danger">${text("message.act.report")}</${Submit}>
      `}
    </${Form}>
  </${Dialog}>`;
}
