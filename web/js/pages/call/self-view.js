/** One's own picture above the others: dragged into any corner, or sent there by a press. */

import { useRef } from "preact/hooks";
import { text } from "../../i18n.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { Tile } from "./tile.js";

/** Clockwise from the left one at the top. @typedef {0 | 1 | 2 | 3} Corner */

/** @param {{tile: import("../../call/tiles.js").TileFacts, around: import("./tiles-view.js").Around}} properties */
export function SelfView({ tile, around }) {
  const { view } = around;
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const turn = () => (view.corner.value = /** @type {Corner} */ ((view.corner.value + 1) % 4));
  const drop = (/** @type {PointerEvent} */ event) => {
    const stage = place.current?.parentElement?.getBoundingClientRect();
    if (!stage || !place.current?.hasPointerCapture(event.pointerId)) return;
    place.current.style.removeProperty("translate");
    view.corner.value = cornerAt(event.clientX - stage.left, event.clientY - stage.top, stage);
  };
  const begin = (/** @type {PointerEvent} */ event) => {
    if (event.target instanceof Element && event.target.closest("button")) return;
    from.current = { x: event.clientX, y: event.clientY };
    place.current?.setPointerCapture(event.pointerId);
  };
  const from = useRef({ x: 0, y: 0 });
  const drag = (/** @type {PointerEvent} */ event) => {
    if (!place.current?.hasPointerCapture(event.pointerId)) return;
    const { x, y } = from.current;
    place.current.style.setProperty("translate", `${event.clientX - x}px ${event.clientY - y}px`);
  };
  return html`<div
    class="self-view self-view-${view.corner.value}" ref=${place} onPointerDown=${begin} onPointerMove=${drag} onPointerUp=${drop} onPointerCancel=${drop}
  >
    <${Tile} tile=${tile} around=${around} priority=${0}>
      <button type="button" class="tile-button" aria-label=${text("self.move")} title=${text("self.move")} onClick=${turn}><${Icon} name="arrow" /></button>
    </${Tile}>
  </div>`;
}

/** @param {number} x @param {number} y @param {{width: number, height: number}} stage @returns {Corner} */
function cornerAt(x, y, stage) {
  const isRight = x > stage.width / 2;
  if (y <= stage.height / 2) return isRight ? 1 : 0;
  return isRight ? 2 : 3;
}
