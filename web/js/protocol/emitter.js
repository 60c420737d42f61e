/** Tells whoever wants to hear; for modules that may not know the page's events. */

/**
 * @template {Record<string, any>} Events name to what is told
 */
export class Emitter {
  constructor() {
    /** @type {Map<keyof Events, Set<(value: any) => void>>} */
    this._listeners = new Map();
  }

  /**
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {(value: Events[Name]) => void} listener
   * @returns {() => void} stops it
   */
  on(name, listener) {
    const found = this._listeners.get(name) ?? new Set();
    found.add(listener);
    this._listeners.set(name, found);
    return () => found.delete(listener);
  }

  /**
   * @template {keyof Events} Name
   * @param {Name} name
   * @param {Events[Name]} value
   */
  emit(name, value) {
    for (const listener of [...(this._listeners.get(name) ?? [])]) listener(value);
  }
}
