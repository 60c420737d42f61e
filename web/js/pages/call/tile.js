/** One person, or one screen: the picture, or in words why there is none; name, voice, quality. */

import { useEffect, useRef, useState } from "preact/hooks";
import { whyDark } from "../../call/darkness.js";
import { text } from "../../i18n.js";
import { proofOf } from "../../proofs.js";
import { Avatar } from "../../ui/avatar.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { ProofMark } from "../../ui/proof-mark.js";
import { RiskBadge } from "../../ui/risk-badge.js";
import { Picture } from "./picture.js";
import { QualityBars } from "./quality-bars.js";

/** @typedef {import("../../call/tiles.js").TileFacts} TileFacts */
/** @typedef {import("./tiles-view.js").Around} Around */

/** @param {{tile: TileFacts, around: Around, priority: number, children?: import("../../ui/html.js").Children}} properties */
export function Tile({ tile, around, priority, children }) {
  const { call, measuring, view } = around;
  const { person, isSelf, isScreen, mid, track } = tile;
  const frame = useRef(/** @type {HTMLElement | null} */ (null));
  const hasMoved = useMoved(track);
  const isPinned = view.pinned.value === tile.key;
  useWish(frame, mid, around.wishing, { priority, pinned: isPinned });
  const quality = mid === null ? null : (measuring.qualities.value.get(mid) ?? null);
  const dark = isSelf
    ? selfDark(tile)
    : whyDark({
        isOn: tile.isOn,
        isStopped: person.silenced.includes(isScreen ? "screen" : "camera"),
        isAway: call.state.value === "away",
        hasTrack: track !== null,
        news: mid === null ? null : (call.connections.news.value.get(mid)?.reason ?? null),
        moves: hasMoved.value && (quality === null || quality.bars === 0 || quality.framesPerSecond > 0),
      });
  const standing = isScreen ? null : (call.risks.value.get(tile.identity) ?? null);
  const proof = isScreen ? null : proofOf(call.proofs.value, call.room, tile.identity);
  const isSpeaking = !isScreen && measuring.speaking.value.includes(tile.identity);
  const name = nameOf(tile);
  const isShown = track !== null && tile.isOn;
  return html`<section
    class="tile ${isSpeaking ? "tile-speaking" : ""} ${isSelf ? "tile-self" : ""}" ref=${frame} aria-label=${name}
    data-identity=${tile.identity} data-screen=${isScreen} data-speaking=${isSpeaking}
  >
    ${isShown && html`<${Picture} track=${track} isMirrored=${isSelf && !isScreen} isWhole=${isScreen} label=${name} onMoves=${hasMoved.note} />`}
    ${dark !== null &&
    html`<div class="tile-dark">
      <${Avatar} profile=${{ id: person.identity, name: person.name, nickname: person.name, avatar: null }} size="large" />
      <p class="tile-why">${text(dark)}</p>
    </div>`}
    <div class="tile-foot">
      <span class="tile-name">
        ${!person.microphone && !isScreen && html`<${Icon} name="microphone-off" /><span class="unseen">${text("tile.muted")}</span>`}
        <span class="tile-name-words">${name}</span>
      </span>
      ${!isSelf && html`<${QualityBars} quality=${quality} height=${mid === null ? null : (call.connections.news.value.get(mid)?.height ?? null)} />`}
    </div>
    <div class="tile-head">
      ${standing !== null && html`<span class="tile-risk"><${RiskBadge} standing=${standing} /></span>`}
      ${proof !== null && html`<${ProofMark} proof=${proof} />`}
      ${person.hand && !isScreen && html`<span class="tile-hand"><${Icon} name="hand" /><span class="unseen">${text("tile.hand")}</span></span>`}
      ${isShown && !isSelf && document.pictureInPictureEnabled && html`<${LiftButton} frame=${frame} name=${name} />`}
      <${PinButton} tile=${tile} isPinned=${isPinned} view=${view} />
      ${children}
    </div>
  </section>`;
}

/** @param {TileFacts} tile */
const selfDark = ({ track }) => (track === null ? "dark.own_camera_off" : null);

/** @param {TileFacts} tile */
function nameOf({ person, isSelf, isScreen }) {
  if (isScreen) return isSelf ? text("tile.own_screen") : text("tile.screen", { name: person.name });
  return isSelf ? text("tile.self", { name: person.name }) : person.name;
}

/** @param {{tile: TileFacts, isPinned: boolean, view: import("./stage.js").View}} properties */
function PinButton({ tile, isPinned, view }) {
  const words = text(isPinned ? "act.unpin" : "act.pin", { name: nameOf(tile) });
  return html`<button
    type="button" class="tile-button" aria-pressed=${isPinned ? "true" : "false"} aria-label=${words} title=${words}
    onClick=${() => (view.pinned.value = isPinned ? null : tile.key)}
  ><${Icon} name="pin" /></button>`;
}

/** Into a window of its own, above all others. @param {{frame: import("preact").RefObject<HTMLElement>, name: string}} properties */
function LiftButton({ frame, name }) {
  const lift = async () => {
    if (document.pictureInPictureElement !== null) await document.exitPictureInPicture();
    else await frame.current?.querySelector("video")?.requestPictureInPicture();
  };
  const words = text("act.lift", { name });
  return html`<button type="button" class="tile-button" aria-label=${words} title=${words} onClick=${() => lift().catch(() => {})}>
    <${Icon} name="picture-in-picture" />
  </button>`;
}

/** Whether a track has ever shown anything. @param {MediaStreamTrack | null} track */
function useMoved(track) {
  const [moved, setMoved] = useState(/** @type {MediaStreamTrack | null} */ (null));
  return { value: track !== null && moved === track, note: () => setMoved(track) };
}

/**
 * Tell at which size the tile is shown, as long as it is.
 *
 * @param {import("preact").RefObject<HTMLElement>} frame
 * @param {string | null} mid
 * @param {import("./wishing.js").Wishing} wishing
 * @param {{priority: number, pinned: boolean}} weight
 */
function useWish(frame, mid, wishing, { priority, pinned }) {
  useEffect(() => {
    const element = frame.current;
    if (element === null || mid === null) return;
    const observer = new ResizeObserver(() => {
      wishing.want(mid, element.clientHeight * devicePixelRatio, { priority, pinned });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      wishing.drop(mid);
    };
  }, [mid, priority, pinned, wishing]);
}
