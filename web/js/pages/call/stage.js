/** The call on the screen: tiles, bar, panels, banners and keys, put together. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { Measuring } from "../../call/measuring.js";
import { tilesOf } from "../../call/tiles.js";
import { text } from "../../i18n.js";
import { recall, remember } from "../../memory.js";
import { html } from "../../ui/html.js";
import { Banners } from "./banners.js";
import { Bar } from "./bar.js";
import { ChallengeNews } from "./challenge-news.js";
import { ChallengeStage } from "./challenge-stage.js";
import { Comings } from "./comings.js";
import { GesturesSeen } from "./gestures.js";
import { Head } from "./head.js";
import { useKeys } from "./keys.js";
import { Controls } from "./controls.js";
import { PANELS } from "./panels.js";
import { ProofStage } from "./proof-stage.js";
import { Sounds } from "./sounds.js";
import { Tiles } from "./tiles-view.js";

/** @typedef {import("../../call/in-call.js").InCall} InCall */
/** @typedef {import("../../call/own.js").Own} Own */
/** @typedef {import("../../rooms.js").Room} Room */

/** @param {{room: Room, call: InCall, own: Own}} properties */
export function Stage({ room, call, own }) {
  const measuring = useMemo(() => new Measuring(call), [call]);
  useEffect(() => () => measuring.close(), [measuring]);
  const view = useView();
  const controls = useMemo(() => new Controls(call, own, view), [call]);
  useKeys(controls, view);
  const tiles = tilesOf(call.roster.value, call.connections.incoming.value, {
    identity: call.identity,
    camera: own.camera.value,
    screen: call.connections.screen.value,
  });
  const Panel = PANELS.find((one) => one.name === view.panel.value)?.content ?? null;
  const main = useRef(/** @type {HTMLElement | null} */ (null));
  // The button that led here is gone, and whatever is pressed next is meant for the call.
  useEffect(() => main.current?.focus(), []);
  return html`<main class="stage" id="content" tabindex="-1" ref=${main} data-state=${call.state.value}>
    <${Comings} call=${call} />
    <${Head} room=${room} call=${call} tiles=${tiles} />
    <${Banners} room=${room} call=${call} measuring=${measuring} controls=${controls} view=${view} />
    <div class="stage-body">
      <${GesturesSeen} call=${call} />
      <${Tiles} tiles=${tiles} call=${call} measuring=${measuring} view=${view} />
      ${Panel && html`<aside class="panel" aria-label=${text(`panel.${view.panel.value}`)}>
        <${Panel} room=${room} call=${call} own=${own} onClose=${() => (view.panel.value = null)} />
      </aside>`}
    </div>
    <${Bar} call=${call} own=${own} view=${view} controls=${controls} />
    <${ChallengeStage} challenged=${call.challenged} />
    <${ChallengeNews} call=${call} />
    <${ProofStage} proving=${call.proving} />
    <${Sounds} call=${call} own=${own} view=${view} />
  </main>`;
}

/**
 * What somebody wants to see; nobody else is told.
 *
 * @typedef {ReturnType<typeof useView>} View
 */
function useView() {
  const isGrid = useSignal(true);
  const pinned = useSignal(/** @type {string | null} */ (null));
  const page = useSignal(0);
  const panel = useSignal(/** @type {string | null} */ (null));
  const dialog = useSignal(/** @type {"settings" | "keys" | null} */ (null));
  const isSelfShown = useSignal(recall("self-hidden") !== "yes");
  const corner = useSignal(/** @type {0 | 1 | 2 | 3} */ (2));
  const hasKeys = useSignal(recall("keys-off") !== "yes");
  /** The browser plays no sound before somebody has pressed something. */
  const isSilent = useSignal(false);
  return useMemo(() => {
    const showSelf = (/** @type {boolean} */ isShown) => {
      remember("self-hidden", isShown ? null : "yes");
      isSelfShown.value = isShown;
    };
    const useShortcuts = (/** @type {boolean} */ isOn) => {
      remember("keys-off", isOn ? null : "yes");
      hasKeys.value = isOn;
    };
    return { isGrid, pinned, page, panel, dialog, isSelfShown, corner, hasKeys, isSilent, showSelf, useShortcuts };
  }, []);
}
