/** The self-test, or the way into one room, as the address says. */

import { html } from "../ui/html.js";
import { open } from "../ui/shell.js";
import { RoomView } from "./diagnose/room-view.js";
import { SelfTest } from "./diagnose/self-test.js";

const room = decodeURIComponent(location.pathname.split("/")[2] ?? "");

open({
  title: "diagnose.title",
  content: () => (room === "" ? html`<${SelfTest} />` : html`<${RoomView} room=${room} />`),
});
