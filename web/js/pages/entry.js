/** The first page: one's rooms, or the door for whoever is not signed in. */

import { surroundings } from "../call/surroundings.js";
import { Inbox } from "../chat/inbox.js";
import { talks } from "../chats.js";
import { myRooms } from "../rooms.js";
import { me } from "../session.js";
import { html } from "../ui/html.js";
import { open } from "../ui/shell.js";
import { Home } from "./entry/home.js";
import { Welcome } from "./entry/welcome.js";

/** @type {import("../rooms.js").Room[] | null} */
let rooms = null;

const inbox = new Inbox(talks, surroundings());

/** The length of the lists decides where everything below them stands. */
async function prepare() {
  const [found] = await Promise.allSettled([myRooms(), inbox.look()]);
  // If they cannot be had now, the list asks again and says what is wrong.
  rooms = found.status === "fulfilled" ? found.value : null;
}

function Entry() {
  return me.value === null ? html`<${Welcome} />` : html`<${Home} profile=${me.value} known=${rooms} inbox=${inbox} />`;
}

open({ title: "entry.title", content: Entry, prepare });
