/** The conversations that one had last, and what is unread in them. */

import { useEffect } from "preact/hooks";
import { text } from "../../i18n.js";
import { Card } from "../../ui/card.js";
import { Talks } from "../../ui/chat/talks.js";
import { html } from "../../ui/html.js";
import { listen } from "../../ui/own-line.js";

const MOST = 6;

/** @param {{inbox: import("../../chat/inbox.js").Inbox}} properties */
export function TalksCard({ inbox }) {
  useEffect(() => listen((told) => inbox.hear(told), () => inbox.lookSoon()), [inbox]);
  const talks = (inbox.talks.value ?? []).filter((one) => one.last !== null).slice(0, MOST);
  if (talks.length === 0) return null;
  return html`<${Card} title=${text("talks.title")}><${Talks} talks=${talks} /></${Card}>`;
}
