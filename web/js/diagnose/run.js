/** One run through a table of checks: what was found so far, and which one is at it. */

import { signal } from "@preact/signals-core";

/** @typedef {import("./checks.js").Result} Result */

export class Run {
  constructor() {
    this.results = signal(/** @type {ReadonlyMap<string, Result>} */ (new Map()));
    this.running = signal(/** @type {string | null} */ (null));
  }

  /** @returns {boolean} whether there is something to report */
  get isDone() {
    return this.running.value === null && this.results.value.size > 0;
  }

  /**
   * One after the other; a check that breaks has failed.
   *
   * @template Scene
   * @param {Readonly<Record<string, (scene: Scene) => Promise<Result>>>} checks
   * @param {Scene} scene
   */
  async go(checks, scene) {
    this.results.value = new Map();
    try {
      for (const [name, check] of Object.entries(checks)) {
        this.running.value = name;
        const found = await check(scene).catch(() => /** @type {Result} */ ({ state: "fail", words: "failed" }));
        this.results.value = new Map(this.results.value).set(name, found);
      }
    } finally {
      this.running.value = null;
    }
  }
}
