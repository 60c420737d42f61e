/** Where each tile stands: a grid by pages, or one on the stage and the others beside it. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { gridFor, mainTile, paged, placesOn } from "../../call/layout.js";
import { text } from "../../i18n.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { SelfView } from "./self-view.js";
import { Tile } from "./tile.js";
import { Wishing } from "./wishing.js";

/** @typedef {import("../../call/tiles.js").TileFacts} TileFacts */
/** @typedef {import("./stage.js").View} View */

/**
 * @typedef {object} Around what every tile needs
 * @property {import("../../call/in-call.js").InCall} call
 * @property {import("../../call/measuring.js").Measuring} measuring
 * @property {View} view
 * @property {Wishing} wishing
 */

/**
 * @param {{
 *   tiles: TileFacts[], call: import("../../call/in-call.js").InCall,
 *   measuring: import("../../call/measuring.js").Measuring, view: View,
 * }} properties
 */
export function Tiles({ tiles, call, measuring, view }) {
  const [place, size] = useSize();
  const wishing = useMemo(() => new Wishing((wishes) => call.connections.show(wishes)), [call]);
  useEffect(() => wishing.tell(), [call.connections.incoming.value]);
  const around = { call, measuring, view, wishing };
  const isAlone = tiles.every((one) => one.isSelf);
  const self = isAlone ? null : (tiles.find((one) => one.isSelf && !one.isScreen) ?? null);
  const seated = tiles.filter((one) => one !== self || one.key === view.pinned.value);
  const main = mainTile(seated, {
    pinned: view.pinned.value,
    speaker: call.speaker.value,
    isGrid: view.isGrid.value,
  });
  return html`<div class="tiles" ref=${place}>
    ${main === null
      ? html`<${Grid} tiles=${seated} size=${size} around=${around} />`
      : html`<${OnStage} main=${main} tiles=${seated} size=${size} around=${around} />`}
    ${self !== null && view.isSelfShown.value && view.pinned.value !== self.key && html`<${SelfView} tile=${self} around=${around} />`}
    ${isAlone && html`<p class="alone">${text(call.call.value?.state === "ringing" ? "call.rings_words" : "call.alone")}</p>`}
  </div>`;
}

/** @param {{tiles: TileFacts[], size: Size, around: Around}} properties */
function Grid({ tiles, size, around }) {
  const { view } = around;
  const { shown, page, pages } = paged(tiles, placesOn(size.width, size.height), view.page.value);
  const { tileWidth, tileHeight } = gridFor(shown.length, size.width, size.height);
  const grid = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => {
    grid.current?.style.setProperty("--tile-width", `${tileWidth}px`);
    grid.current?.style.setProperty("--tile-height", `${tileHeight}px`);
  }, [tileWidth, tileHeight]);
  return html`
    <div class="grid" ref=${grid}>
      ${shown.map((tile) => html`<${Tile} key=${tile.key} tile=${tile} around=${around} priority=${0} />`)}
    </div>
    ${pages > 1 && html`<${Pages} page=${page} pages=${pages} onTurn=${(/** @type {number} */ to) => (view.page.value = to)} />`}
  `;
}

/** @param {{main: string, tiles: TileFacts[], size: Size, around: Around}} properties */
function OnStage({ main, tiles, size, around }) {
  const shown = tiles.find((one) => one.key === main);
  const others = tiles.filter((one) => one.key !== main);
  const isWide = size.width > size.height * 1.2;
  return html`<div class="on-stage ${isWide ? "on-stage-wide" : ""}">
    <div class="on-stage-main">
      ${shown && html`<${Tile} key=${shown.key} tile=${shown} around=${around} priority=${10} />`}
    </div>
    ${others.length > 0 &&
    html`<div class="strip" tabindex="0" role="group" aria-label=${text("stage.others")}>
      ${others.map((tile) => html`<${Tile} key=${tile.key} tile=${tile} around=${around} priority=${0} />`)}
    </div>`}
  </div>`;
}

/** @param {{page: number, pages: number, onTurn: (page: number) => void}} properties */
function Pages({ page, pages, onTurn }) {
  return html`<div class="pages">
    <button type="button" class="round" aria-label=${text("pages.back")} disabled=${page === 0} onClick=${() => onTurn(page - 1)}><${Icon} name="arrow-left" /></button>
    <span>${text("pages.where", { page: page + 1, pages })}</span>
    <button type="button" class="round" aria-label=${text("pages.on")} disabled=${page === pages - 1} onClick=${() => onTurn(page + 1)}><${Icon} name="arrow" /></button>
  </div>`;
}

/** @typedef {{width: number, height: number}} Size */

/** The size of an element, followed. @returns {[import("preact").RefObject<HTMLDivElement>, Size]} */
function useSize() {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [size, setSize] = useState({ width: 1280, height: 640 });
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    if (place.current !== null) observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  return [place, size];
}
