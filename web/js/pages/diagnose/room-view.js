/** The way into one room: what is wrong, in words, and every frame that comes and goes. */

import { signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { pages, withNext } from "../../addresses.js";
import { surroundings } from "../../call/surroundings.js";
import { listening } from "../../diagnose/listening.js";
import { ROOM_CHECKS } from "../../diagnose/room-checks.js";
import { Run } from "../../diagnose/run.js";
import { counted, text } from "../../i18n.js";
import { standing } from "../../moderation.js";
import { RoomLine } from "../../protocol/room-line.js";
import { roomOf } from "../../rooms.js";
import { me } from "../../session.js";
import { Button, ButtonLink } from "../../ui/button.js";
import { Card } from "../../ui/card.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { sceneFor } from "./scene.js";
import { CopyReport, Steps } from "./steps.js";

/** @typedef {import("../../diagnose/listening.js").Frame} Frame */

const KEPT = 500;
const WITHOUT_OWN_ROOM = new Set(["socket", "udp", "tcp", "address"]);

/** Looks at one room; stays in it until the page is left, so that its frames are seen. */
class Look {
  /** @param {string} room */
  constructor(room) {
    this.run = new Run();
    this.frames = signal(/** @type {readonly Frame[]} */ ([]));
    this.state = signal("closed");
    this._room = room;
    this._stay = /** @type {RoomLine | null} */ (null);
  }

  /** Guests have no room of their own to send to and from. */
  get checks() {
    const all = Object.entries(ROOM_CHECKS);
    const isGuest = me.value?.role === "guest";
    return Object.fromEntries(isGuest ? all.filter(([name]) => !WITHOUT_OWN_ROOM.has(name)) : all);
  }

  async begin() {
    if (this.run.running.value !== null) return;
    this.close();
    this.frames.value = [];
    const note = (/** @type {Frame} */ frame) => (this.frames.value = [...this.frames.value, frame].slice(-KEPT));
    const stay = (this._stay = new RoomLine(this._room, listening(surroundings(), note), { reading: true }));
    stay.line.on("state", (state) => (this.state.value = state));
    const { scene, close } = sceneFor(me.value?.id ?? "");
    const inRoom = { ...scene, stay, find: () => roomOf(this._room), standing: async () => (await standing(this._room)).state };
    await this.run.go(this.checks, inRoom).finally(close);
  }

  close() {
    this._stay?.leave();
  }
}

/** @param {{room: string}} properties */
export function RoomView({ room }) {
  const look = useMemo(() => new Look(room), [room]);
  useEffect(() => () => look.close(), [look]);
  const { run, frames, state } = look;
  const isBusy = run.running.value !== null;
  return html`<div class="columns columns-even">
    <${Card} title=${text("diagnose.room", { room })} lead=${text("diagnose.room_lead")}>
      <div class="stack">
        <div class="row">
          <${Button} kind="primary" busy=${isBusy} onClick=${() => look.begin()}>${text("diagnose.begin")}</${Button}>
          ${run.isDone && html`<${CopyReport} run=${run} more=${() => asText(frames.value)} />`}
          ${me.value === null && html`<${ButtonLink} href=${withNext(pages.login, location.pathname)}>${text("action.sign_in")}</${ButtonLink}>`}
        </div>
        <${Steps} run=${run} names=${Object.keys(look.checks)} />
      </div>
    </${Card}>
    <${Card} title=${text("frames.title")} lead=${text(`frames.line.${state.value}`)}>
      <p class="fine">${counted("frames.count", frames.value.length)}</p>
      <ol class="frames" tabindex="0" aria-label=${text("frames.title")}>
        ${frames.value.map((frame) => html`<${FrameRow} key=${frame.number} frame=${frame} since=${frames.value[0]?.atMs ?? 0} />`)}
      </ol>
    </${Card}>
  </div>`;
}

const ARROWS = /** @type {const} */ ({ opened: "plus", sent: "arrow", received: "arrow-left", closed: "close" });

/** @param {{frame: Frame, since: number}} properties */
function FrameRow({ frame, since }) {
  const { way, type, bytes, text: words } = frame;
  const head = html`<span class="frame-way"><${Icon} name=${ARROWS[way]} /><span class="unseen">${text(`frames.${way}`)}</span></span>
    <span class="frame-type">${type || text(`frames.${way}`)}</span>
    <span class="fine">${bytes > 0 && text("frames.bytes", { bytes })} +${((frame.atMs - since) / 1000).toFixed(2)} s</span>`;
  if (words === "") return html`<li class="frame frame-head">${head}</li>`;
  return html`<li class="frame"><details><summary class="frame-head">${head}</summary><pre class="frame-text" tabindex="0">${words}</pre></details></li>`;
}

/** @param {readonly Frame[]} frames */
const asText = (frames) => frames.map((one) => `${one.way} ${one.type} ${one.bytes} ${one.text}`).join("\n");
