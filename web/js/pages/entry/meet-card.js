/** Ways to meet somebody: one has not met yet, or knows from a room. */

import { useState } from "preact/hooks";
import { pages } from "../../addresses.js";
import { text } from "../../i18n.js";
import { Button, ButtonLink } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { WriteDialog } from "./write-dialog.js";

/** @param {{rooms: readonly import("../../rooms.js").Room[]}} properties */
export function MeetCard({ rooms }) {
  const [isWriting, setWriting] = useState(false);
  return html`<${Card} title=${text("meet.title")} lead=${text("meet.lead")}>
    <div class="stack meet">
      <${ButtonLink} href=${pages.match}><${Icon} name="hash" />${text("match.title")}</${ButtonLink}>
      <${ButtonLink} href=${pages.heartLink}><${Icon} name="heart" />${text("heart.title")}</${ButtonLink}>
      <${Button} onClick=${() => setWriting(true)}><${Icon} name="chat" />${text("direct.title")}</${Button}>
    </div>
    ${isWriting && html`<${WriteDialog} rooms=${rooms} onClose=${() => setWriting(false)} />`}
  </${Card}>`;
}
