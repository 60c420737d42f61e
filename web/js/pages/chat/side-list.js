/** One's conversations beside the chat. */

import { pages } from "../../addresses.js";
import { text } from "../../i18n.js";
import { Button } from "../../ui/button.js";
import { Skeleton } from "../../ui/card.js";
import { Talks } from "../../ui/chat/talks.js";
import { html } from "../../ui/html.js";

/** @param {{inbox: import("../../chat/inbox.js").Inbox, current: string, onOpen: (talk: {room: string}) => void}} properties */
export function SideList({ inbox, current, onOpen }) {
  const talks = inbox.talks.value;
  return html`<nav class="side-list" aria-label=${text("talks.title")}>
    <h2 class="part-title side-title">${text("talks.title")}</h2>
    ${talks === null ? html`<${Skeleton} rows=${4} />` : html`<${Talks} talks=${talks} current=${current} onOpen=${onOpen} />`}
    ${talks?.length === 0 && html`<p class="lead">${text("talks.none")} <a href=${pages.entry}>${text("action.to_rooms")}</a></p>`}
    ${inbox.hasMore.value && html`<${Button} kind="quiet" wide onClick=${() => inbox.more().catch(() => {})}>${text("talks.more")}</${Button}>`}
  </nav>`;
}
