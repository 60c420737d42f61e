/** The chat of a room, on its own page and beside a call: messages, who writes, and where one writes. */

import { useMemo, useState } from "preact/hooks";
import { callPage } from "../../addresses.js";
import { counted, errorText, text } from "../../i18n.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { Notice } from "../notice.js";
import { nameOf } from "./avatar-with-state.js";
import { Composer } from "./composer.js";
import { Desk } from "./desk.js";
import { Log } from "./log.js";
import { Sheets } from "./sheets.js";

/** @typedef {import("../../chat/conversation.js").Conversation} Conversation */

/** @param {{conversation: Conversation, head: (desk: Desk) => unknown}} properties `head` stands above */
export function Chat({ conversation, head }) {
  const desk = useMemo(() => new Desk(), [conversation]);
  const [isAimedAt, setAimedAt] = useState(false);
  const drag = (/** @type {DragEvent} */ event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    setAimedAt(event.type === "dragover");
    const files = event.type === "drop" ? [...event.dataTransfer.files] : [];
    if (files.length > 0) desk.sheet.value = { name: "attach", files };
  };
  return html`<section class="chat" aria-label=${text("chat.title")} onDragOver=${drag} onDragLeave=${drag} onDrop=${drag}>
    ${head(desk)}
    <${Absence} conversation=${conversation} />
    <${Log} key=${conversation.room} conversation=${conversation} desk=${desk} />
    <${Writers} conversation=${conversation} />
    ${conversation.maySpeak
      ? html`<${Composer} key=${conversation.room} conversation=${conversation} desk=${desk} />`
      : html`<div class="composer"><${Notice} kind="plain">${text("rules.read_only")}</${Notice}></div>`}
    ${isAimedAt && html`<div class="chat-drop" aria-hidden="true"><${Icon} name="attach" />${text("file.drop")}</div>`}
    <${Sheets} conversation=${conversation} desk=${desk} />
  </section>`;
}

/** Why nothing comes or goes just now. @param {{conversation: Conversation}} properties */
function Absence({ conversation }) {
  const code = conversation.endedBy.value;
  if (code === "" && !conversation.isAway.value) return null;
  return html`<div class="chat-away">
    ${code === ""
      ? html`<${Notice} kind="plain">${text("chat.away")}</${Notice}>`
      : html`<${Notice} kind="danger">${errorText({ code })} <a href=${callPage(conversation.room)}>${text("chat.to_door")}</a></${Notice}>`}
  </div>`;
}

/** Who writes just now; its line is always there, so that nothing moves. @param {{conversation: Conversation}} properties */
function Writers({ conversation }) {
  const names = conversation.writers.value.map((id) => nameOf(conversation.faces.of(id)));
  const words = names.length === 0 ? "" : names.length === 1 ? text("chat.writes", { name: names[0] ?? "" }) : text("chat.write_several");
  const { slow_mode_s } = conversation.rules.value;
  if (words === "" && slow_mode_s > 0) return html`<p class="writers">${counted("rules.slow_mode", slow_mode_s)}</p>`;
  return html`<p class="writers" aria-live="polite">${words && html`<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>${words}`}</p>`;
}
