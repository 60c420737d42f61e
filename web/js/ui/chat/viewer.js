/** A picture as large as the screen; arrows lead to those before and after it. */

import { useEffect, useState } from "preact/hooks";
import { text } from "../../i18n.js";
import { Dialog } from "../dialog.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";

/** @typedef {import("../../chat/messages.js").Message} Message */

/** @param {{message: Message, conversation: import("../../chat/conversation.js").Conversation, onClose: () => void}} properties */
export function Viewer({ message, conversation, onClose }) {
  const [shown, show] = useState(message);
  const pictures = conversation.history.messages.value.filter((one) => one.kind === "image" && one.file !== null);
  const at = pictures.findIndex((one) => one.id === shown.id);
  const step = (/** @type {number} */ by) => {
    const next = pictures[at + by];
    if (next !== undefined) show(next);
  };
  useEffect(() => {
    const press = (/** @type {KeyboardEvent} */ event) => {
      if (event.key === "ArrowLeft") step(-1);
      if (event.key === "ArrowRight") step(1);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [shown]);
  const { file } = shown;
  if (file === null) return null;
  return html`<${Dialog} title=${file.name} onClose=${onClose}>
    <div class="viewer">
      <img class="viewer-picture" src=${file.url} alt=${shown.text || file.name} width=${file.width} height=${file.height} />
      <div class="row row-centred">
        <button type="button" class="chat-tool" disabled=${at <= 0} aria-label=${text("viewer.before")} onClick=${() => step(-1)}><${Icon} name="arrow-left" /></button>
        <a class="button button-soft" href="${file.url}?download=1" download=${file.name}><${Icon} name="download" />${text("viewer.save")}</a>
        <button type="button" class="chat-tool" disabled=${at < 0 || at === pictures.length - 1} aria-label=${text("viewer.after")} onClick=${() => step(1)}><${Icon} name="arrow" /></button>
      </div>
    </div>
  </${Dialog}>`;
}
