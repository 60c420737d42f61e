/** What can be done with all of a chat: search it, look at its pins, take it away, set its order. */

import { useSignal } from "@preact/signals";
import { chatAddress } from "../../addresses.js";
import { text } from "../../i18n.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { Menu } from "./menu.js";

/** @typedef {import("./desk.js").Desk} Desk */

/** @param {{conversation: import("../../chat/conversation.js").Conversation, desk: Desk}} properties */
export function ChatTools({ conversation, desk }) {
  const opener = useSignal(/** @type {HTMLElement | null} */ (null));
  const close = () => (opener.value = null);
  const open = (/** @type {"pins" | "settings"} */ name) => {
    close();
    desk.sheet.value = { name };
  };
  const exported = (/** @type {string} */ format) => `${chatAddress(conversation.room, "export")}?format=${format}`;
  return html`
    <button type="button" class="chat-tool" aria-label=${text("search.title")} title=${text("search.title")} onClick=${() => (desk.sheet.value = { name: "search" })}><${Icon} name="search" /></button>
    <button
      type="button" class="chat-tool" aria-haspopup="menu" aria-label=${text("chat.more")} title=${text("chat.more")}
      onClick=${(/** @type {Event & {currentTarget: HTMLElement}} */ event) => (opener.value = event.currentTarget)}
    ><${Icon} name="more" /></button>
    ${opener.value !== null &&
    html`<${Menu} opener=${opener.value} onClose=${close} label=${text("chat.more")}>
      <button type="button" role="menuitem" class="menu-item" onClick=${() => open("pins")}><${Icon} name="pin" />${text("pins.title")}</button>
      <button type="button" role="menuitem" class="menu-item" onClick=${() => open("settings")}><${Icon} name="gear" />${text("rules.title")}</button>
      <a role="menuitem" class="menu-item" href=${exported("html")} download onClick=${close}><${Icon} name="download" />${text("chat.export_page")}</a>
      <a role="menuitem" class="menu-item" href=${exported("json")} download onClick=${close}><${Icon} name="download" />${text("chat.export_json")}</a>
    </${Menu}>`}
  `;
}
