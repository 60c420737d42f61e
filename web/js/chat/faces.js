/** Who the people of a room are: their names at once, their pictures when somebody looks.  */

import { signal } from "@preact/signals-core";

/** @typedef {import("../session.js").Profile} Profile */
/** @typedef {import("../chats.js").Member} Member */

/** @typedef {Pick<Profile, "id" | "name" | "nickname" | "avatar" | "status" | "tags">} Face */

export class Faces {
  /** @param {(id: string) => Promise<Profile>} read rejects for somebody with whom one shares no room */
  constructor(read) {
    this.members = signal(/** @type {readonly Member[]} */ ([]));
    this._known = signal(/** @type {ReadonlyMap<string, Face>} */ (new Map()));
    this._asked = new Set();
    this._read = read;
  }

  /** @param {readonly Member[]} members */
  settle(members) {
    this.members.value = members;
  }

  /**
   * What is known of somebody; their picture and state come by themselves.
   *
   * @param {string} id
   * @returns {Face}
   */
  of(id) {
    this._ask(id);
    const known = this._known.value.get(id);
    if (known !== undefined) return known;
    const member = this.members.value.find((one) => one.user === id);
    const { name = "", nickname = "" } = member ?? {};
    return { id, name, nickname, avatar: null, status: "offline", tags: [] };
  }

  /** Somebody's state is another now. @param {string} id @param {string} status */
  nowIs(id, status) {
    const face = this._known.value.get(id);
    if (face !== undefined) this._put({ ...face, status });
  }

  /** @param {string} id */
  _ask(id) {
    // Of whoever is gone, nothing may be known any more.
    if (this._asked.has(id) || !this.members.value.some((one) => one.user === id)) return;
    this._asked.add(id);
    this._read(id).then((profile) => this._put(profile), () => {});
  }

  /** @param {Face} face */
  _put(face) {
    this._known.value = new Map(this._known.value).set(face.id, face);
  }
}
