/** Somebody's card: who they are, and what one can do about them. */

import { useState } from "preact/hooks";
import { pages } from "../../addresses.js";
import { block, blocked, unblock } from "../../chats.js";
import { distance, errorText, text } from "../../i18n.js";
import { BY_HEART, ask } from "../../matches.js";
import { readPerson } from "../../people.js";
import { calledName, me } from "../../session.js";
import { Avatar } from "../avatar.js";
import { Button } from "../button.js";
import { Dialog } from "../dialog.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { NotYet, useDeed, useLoaded } from "../loaded.js";
import { Notice } from "../notice.js";
import { DirectForm } from "./direct-form.js";

/** @typedef {import("../../session.js").Profile} Profile */

/** @param {string} id */
async function card(id) {
  const [profile, others] = await Promise.all([readPerson(id), blocked()]);
  return { profile, isBlocked: others.includes(id) };
}

/** @param {{identity: string, onClose: () => void}} properties */
export function PersonSheet({ identity, onClose }) {
  const found = useLoaded(() => card(identity), [identity]);
  return html`<${Dialog} title=${text("person.card")} onClose=${onClose}>
    ${found.thing === null ? html`<${NotYet} ...${found} rows=${3} />`
      : html`<${Card} profile=${found.thing.profile} isBlocked=${found.thing.isBlocked} onChanged=${found.again} />`}
  </${Dialog}>`;
}

/** @param {{profile: Profile, isBlocked: boolean, onChanged: () => Promise<void>}} properties */
function Card({ profile, isBlocked, onChanged }) {
  const { id, status, seen_at, bio, tags, role } = profile;
  const there = status === "offline" && seen_at !== null ? text("person.seen", { when: distance(seen_at, Date.now()) }) : text(`status.${status}`);
  const isWritable = role !== "guest" && me.value?.role !== "guest";
  return html`<div class="identity">
    <${Avatar} profile=${profile} size="large" />
    <div><h3 class="identity-name">${calledName(profile)}</h3><p class="fine">${there}</p></div>
    <ul class="tags" aria-label=${text("me.tags")}>${tags.map((tag) => html`<li class="tag" key=${tag}>${text(`tag.${tag}`)}</li>`)}</ul>
    ${bio !== "" && html`<p class="words" dir="auto">${bio}</p>`}
    ${isWritable && html`<${Acts} profile=${profile} isBlocked=${isBlocked} onChanged=${onChanged} key=${id} />`}
  </div>`;
}

/** @param {{profile: Profile, isBlocked: boolean, onChanged: () => Promise<void>}} properties */
function Acts({ profile, isBlocked, onChanged }) {
  const [isWriting, setWriting] = useState(false);
  const blocking = useDeed(async () => {
    await (isBlocked ? unblock(profile.id) : block(profile.id));
    await onChanged();
  });
  const linking = useDeed(async () => {
    await ask(BY_HEART, { user: profile.id });
    location.assign(pages.heartLink);
  });
  if (isWriting) return html`<${DirectForm} id=${profile.id} name=${calledName(profile)} />`;
  const failure = blocking.failure ?? linking.failure;
  return html`
    ${isBlocked && html`<p class="lead">${text("block.words")}</p>`}
    <div class="row row-centred">
      <${Button} kind="primary" onClick=${() => setWriting(true)}><${Icon} name="chat" />${text("person.write")}</${Button}>
      <${Button} busy=${linking.busy} onClick=${linking.run}><${Icon} name="heart" />${text("heart.title")}</${Button}>
      <${Button} kind="quiet" busy=${blocking.busy} onClick=${blocking.run}><${Icon} name="block" />${text(isBlocked ? "block.end" : "block.begin")}</${Button}>
    </div>
    ${failure !== null && html`<${Notice} kind="danger">${errorText(failure)}</${Notice}>`}
  `;
}
