/** What rooms are called, for whichever are shown: asked for together, and once. */

import { signal } from "@preact/signals";
import { titlesOf } from "../../console/operating.js";
import { html } from "../../ui/html.js";

const titles = signal(/** @type {ReadonlyMap<string, string>} */ (new Map()));
const asked = new Set();
/** @type {string[]} */
let wanted = [];

// What the server takes at once.
const MOST_AT_ONCE = 50;

/** Its identifier until more is known, and for good if there is no such room. @param {string} room */
export function titleOf(room) {
  if (room !== "" && !asked.has(room)) {
    asked.add(room);
    // Whatever else is drawn now is asked for with it.
    if (wanted.push(room) === 1) setTimeout(learn, 0);
  }
  return titles.value.get(room) ?? room;
}

async function learn() {
  const rooms = wanted.splice(0, MOST_AT_ONCE);
  if (wanted.length > 0) setTimeout(learn, 0);
  const found = await titlesOf(rooms).catch(() => ({}));
  titles.value = new Map([...titles.value, ...Object.entries(found)]);
}

/** Its title, and small what it is known by. @param {{room: string}} properties */
export function RoomName({ room }) {
  const title = titleOf(room);
  return html`<span class="table-main">${title}</span>${title !== room && html`<span class="fine">${room}</span>`}`;
}
