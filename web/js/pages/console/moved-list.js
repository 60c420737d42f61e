/** Who was moved to a waiting room, in whichever room, and is let in again here. */

import { signal } from "@preact/signals";
import { admit, deny, makeWait, movedAnywhere } from "../../moderation.js";
import { errorText, moment, text } from "../../i18n.js";
import { Button } from "../../ui/button.js";
import { html } from "../../ui/html.js";
import { useLoaded } from "../../ui/loaded.js";
import { announce } from "../../ui/toast.js";
import { nameOf } from "./names.js";

/** @typedef {import("../../moderation.js").Moved} Moved */

/** How many were moved from here: the server is asked anew after each. */
const moves = signal(0);

/** @param {string} room @param {string} user @param {string} because they are told */
export async function move(room, user, because) {
  await makeWait(room, user, because);
  moves.value += 1;
}

/** @param {{wall: import("../../console/wall.js").Wall}} properties whoever others move is gone from it */
export function MovedList({ wall }) {
  const { thing, again } = useLoaded(movedAnywhere, [moves.value, [...wall.keys()].sort().join()]);
  if (thing === null || thing.length === 0) return null;
  return html`<section class="moved" aria-labelledby="moved-title">
    <h2 id="moved-title" class="part-title">${text("wall.waiting")}</h2>
    <ul class="moved-list">${thing.map((one) => html`<${Row} key=${one.room + one.knock.user} moved=${one} again=${again} />`)}</ul>
  </section>`;
}

/** @param {{moved: Moved, again: () => Promise<void>}} properties */
function Row({ moved: { room, title, moved_by: by, knock }, again }) {
  const name = knock.nickname || knock.name;
  const decide = (/** @type {(room: string, user: string) => Promise<unknown>} */ act) => () =>
    act(room, knock.user).then(again, (error) => announce(errorText(error)));
  return html`<li class="moved-row" data-identity=${knock.user}>
    <div class="person-words"><strong>${name}</strong><span class="fine">${text("wall.waits", { room: title, by: nameOf(by), when: moment(knock.since) })}</span>
      ${knock.moved_because !== "" && html`<span class="fine">${knock.moved_because}</span>`}</div>
    <${Button} kind="primary" label=${text("wall.admit_whom", { name })} onClick=${decide(admit)}>${text("door.admit")}</${Button}>
    <${Button} kind="quiet" label=${text("wall.deny_whom", { name })} onClick=${decide(deny)}>${text("door.deny")}</${Button}>
  </li>`;
}
