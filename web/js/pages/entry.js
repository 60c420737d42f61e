/** The first page: one's rooms, or the door for whoever is not signed in. */

import { myRooms } from "../rooms.js";
import { me } from "../session.js";
import { html } from "../ui/html.js";
import { open } from "../ui/shell.js";
import { Home } from "./entry/home.js";
import { Welcome } from "./entry/welcome.js";

/** @type {import("../rooms.js").Room[] | null} */
let rooms = null;

/** The length of the list decides where everything below it stands. */
async function prepare() {
  // If they cannot be had now, the list asks again and says what is wrong.
  rooms = await myRooms().catch(() => null);
}

function Entry() {
  return me.value === null ? html`<${Welcome} />` : html`<${Home} profile=${me.value} known=${rooms} />`;
}

open({ title: "entry.title", content: Entry, prepare });
