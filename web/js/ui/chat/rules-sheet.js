/** The order of a chat, in words for all, and to be set by those who moderate it. */

import { rulesOf, setRules } from "../../chats.js";
import { counted, text } from "../../i18n.js";
import { Dialog } from "../dialog.js";
import { ChoiceField, TextField } from "../field.js";
import { Form, Submit } from "../form.js";
import { html } from "../html.js";
import { NotYet, useLoaded } from "../loaded.js";
import { announce } from "../toast.js";

/** @typedef {import("../../chats.js").Rules} Rules */

/** @param {{conversation: import("../../chat/conversation.js").Conversation, onClose: () => void}} properties */
export function RulesSheet({ conversation, onClose }) {
  const rules = useLoaded(() => rulesOf(conversation.room));
  return html`<${Dialog} title=${text("rules.title")} onClose=${onClose}>
    ${rules.thing === null ? html`<${NotYet} ...${rules} rows=${3} />`
      : conversation.moderates ? html`<${RulesForm} room=${conversation.room} rules=${rules.thing} onDone=${onClose} />`
      : html`<ul class="plain-list">${wordsOf(rules.thing).map((words) => html`<li key=${words}>${words}</li>`)}</ul>`}
  </${Dialog}>`;
}

/** @param {Rules} rules */
const wordsOf = ({ slow_mode_s, read_only, keep_days }) => [
  text(read_only ? "rules.read_only" : "rules.everybody"),
  slow_mode_s === 0 ? text("rules.no_slow_mode") : counted("rules.slow_mode", slow_mode_s),
  keep_days === null ? text("rules.kept") : counted("rules.kept_days", keep_days),
];

/** @param {{room: string, rules: Rules, onDone: () => void}} properties */
function RulesForm({ room, rules, onDone }) {
  /** @param {Record<string, string>} values */
  const save = async ({ who, slow = "0", keep = "" }) => {
    await setRules(room, { read_only: who === "moderators", slow_mode_s: Number(slow), keep_days: keep === "" ? null : Number(keep) });
    announce(text("rules.saved"));
    onDone();
  };
  return html`<${Form} onSubmit=${save}>
    ${() => html`
      <${ChoiceField}
        name="who" label=${text("rules.who")} value=${rules.read_only ? "moderators" : "all"}
        choices=${[["all", text("rules.who_all")], ["moderators", text("rules.who_moderators")]]}
      />
      <div class="fields">
        <${TextField} name="slow" label=${text("rules.slow")} hint=${text("rules.slow_hint")} type="number" min=${0} max=${86_400} required value=${String(rules.slow_mode_s)} />
        <${TextField} name="keep" label=${text("rules.keep")} hint=${text("rules.keep_hint")} type="number" min=${1} max=${36_500} value=${rules.keep_days === null ? "" : String(rules.keep_days)} />
      </div>
      <${Submit}>${text("action.save")}</${Submit}>
    `}
  </${Form}>`;
}
