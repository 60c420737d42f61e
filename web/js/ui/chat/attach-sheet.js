/** What is about to be sent: looked at once more, with words below it. */

import { useEffect, useMemo } from "preact/hooks";
import { text } from "../../i18n.js";
import { Button } from "../button.js";
import { Dialog } from "../dialog.js";
import { TextField } from "../field.js";
import { Form, Submit } from "../form.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { sizeOf } from "./attachments.js";

/** @param {{files: readonly File[], conversation: import("../../chat/conversation.js").Conversation, onClose: () => void}} properties */
export function AttachSheet({ files, conversation, onClose }) {
  /** @param {Record<string, string>} values */
  const send = async ({ words = "" }) => {
    for (const [index, file] of files.entries()) await conversation.show(file, file.name, kindOf(file), index === 0 ? words.trim() : "");
    onClose();
  };
  return html`<${Dialog} title=${text("file.send")} onClose=${onClose}>
    <ul class="plain-list">${files.map((file) => html`<${Chosen} key=${file.name} file=${file} />`)}</ul>
    <${Form} onSubmit=${send}>
      ${() => html`
        <${TextField} name="words" label=${text("file.words")} maxLength=${4000} autocomplete="off" />
        <div class="row">
          <${Submit}><${Icon} name="send" />${text("chat.send")}</${Submit}>
          <${Button} kind="quiet" onClick=${onClose}>${text("action.cancel")}</${Button}>
        </div>
      `}
    </${Form}>
  </${Dialog}>`;
}

/** @param {{file: File}} properties */
function Chosen({ file }) {
  const address = useMemo(() => (file.type.startsWith("image/") ? URL.createObjectURL(file) : null), [file]);
  useEffect(() => () => void (address && URL.revokeObjectURL(address)), [address]);
  return html`<li class="chosen">
    ${address === null ? html`<span class="chosen-icon"><${Icon} name="file" /></span>` : html`<img class="chosen-picture" src=${address} alt="" />`}
    <span class="file-words"><span class="file-name" dir="auto">${file.name}</span><span class="fine">${sizeOf(file.size)}</span></span>
  </li>`;
}

/** As far as the browser knows; the server looks itself. @param {File} file */
function kindOf({ type }) {
  if (type.startsWith("image/")) return "image";
  if (type.startsWith("video/")) return "video";
  return type.startsWith("audio/") ? "voice" : "file";
}
