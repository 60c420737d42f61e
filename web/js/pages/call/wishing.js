/** At which size each picture is shown, told to the server when it has settled. */

/** @typedef {import("../../media/watching.js").Wish} Wish */

// While somebody drags a window's edge, nothing is said.
const SETTLED_MS = 200;
// Steps, so that a pixel more or less asks for nothing.
const STEP = 90;

export class Wishing {
  /** @param {(wishes: ReadonlyMap<string, Wish>) => void} say */
  constructor(say) {
    this._say = say;
    /** @type {Map<string, Wish>} */
    this._wishes = new Map();
    this._timer = /** @type {ReturnType<typeof setTimeout> | undefined} */ (undefined);
  }

  /**
   * @param {string} mid
   * @param {number} height in pixels of the screen
   * @param {{priority: number, pinned: boolean}} weight
   */
  want(mid, height, { priority, pinned }) {
    this._wishes.set(mid, { max_height: Math.ceil(height / STEP) * STEP, priority, pinned });
    this.tell();
  }

  /** @param {string} mid is not shown any more */
  drop(mid) {
    this._wishes.delete(mid);
    this.tell();
  }

  tell() {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._say(this._wishes), SETTLED_MS);
  }
}
