/** How many tiles fit, in which shape, and on which page.  Pure. */

// The shape of most cameras; a tile may be cut to be narrower, down to that of a face.
const WIDEST = 16 / 9;
const NARROWEST = 3 / 4;
export const MOST_TILES = 25;
// Smaller than this nobody recognises anybody.
const LEAST_WIDTH = 150;

/**
 * @typedef {object} Grid
 * @property {number} columns
 * @property {number} rows
 * @property {number} tileWidth
 * @property {number} tileHeight
 */

/**
 * The grid with the largest tiles.
 *
 * @param {number} count of tiles
 * @param {number} width of the stage
 * @param {number} height
 * @returns {Grid}
 */
export function gridFor(count, width, height) {
  const most = Math.max(count, 1);
  const grids = Array.from({ length: most }, (_, index) => gridOf(index + 1, most, width, height));
  const area = (/** @type {Grid} */ one) => one.tileWidth * one.tileHeight;
  return grids.reduce((best, one) => (area(one) > area(best) ? one : best));
}

/**
 * @param {number} columns
 * @param {number} count
 * @param {number} width
 * @param {number} height
 * @returns {Grid}
 */
function gridOf(columns, count, width, height) {
  const rows = Math.ceil(count / columns);
  const [cellWidth, cellHeight] = [width / columns, height / rows];
  const tileWidth = Math.floor(Math.min(cellWidth, cellHeight * WIDEST));
  const tileHeight = Math.floor(Math.min(cellHeight, cellWidth / NARROWEST));
  return { columns, rows, tileWidth, tileHeight };
}

/**
 * How many tiles a page may hold, so that faces can be recognised.
 *
 * @param {number} width
 * @param {number} height
 */
export function placesOn(width, height) {
  const columns = Math.max(1, Math.floor(width / LEAST_WIDTH));
  const rows = Math.max(1, Math.floor(height / (LEAST_WIDTH / WIDEST)));
  return Math.min(MOST_TILES, Math.max(2, columns * rows));
}

/**
 * @template Thing
 * @param {readonly Thing[]} things
 * @param {number} places
 * @param {number} page wanted; the last there is if there are fewer
 * @returns {{shown: Thing[], page: number, pages: number}}
 */
export function paged(things, places, page) {
  const pages = Math.max(1, Math.ceil(things.length / places));
  const which = Math.min(Math.max(page, 0), pages - 1);
  return { shown: things.slice(which * places, (which + 1) * places), page: which, pages };
}

/**
 * Who has the stage: whoever was pinned, else a screen, else, in the speaker's view, the speaker.
 *
 * @param {readonly {key: string, identity: string, isScreen: boolean, isSelf: boolean}[]} tiles
 * @param {{pinned: string | null, speaker: string | null, isGrid: boolean}} wish
 * @returns {string | null}
 */
export function mainTile(tiles, { pinned, speaker, isGrid }) {
  if (tiles.some((one) => one.key === pinned)) return pinned;
  const screen = tiles.filter((one) => one.isScreen && !one.isSelf).at(-1);
  if (screen !== undefined) return screen.key;
  if (isGrid) return null;
  const speaks = tiles.find((one) => one.identity === speaker && !one.isSelf && !one.isScreen);
  return (speaks ?? tiles.find((one) => !one.isSelf) ?? tiles[0])?.key ?? null;
}
