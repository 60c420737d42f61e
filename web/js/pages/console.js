/** The operators' console: one place for what is live, what wants a look, and what was done. */

import { effect, signal } from "@preact/signals";
import { pages, withNext } from "../addresses.js";
import { surroundings } from "../call/surroundings.js";
import { Board } from "../console/board.js";
import { text } from "../i18n.js";
import { me } from "../session.js";
import { html } from "../ui/html.js";
import { Icon } from "../ui/icons.js";
import { open } from "../ui/shell.js";
import { AlertPage } from "./console/alert-page.js";
import { AuditLog } from "./console/audit-log.js";
import { CallHistory } from "./console/call-history.js";
import { HealthPage } from "./console/health-page.js";
import { learnNames } from "./console/names.js";
import { Queue } from "./console/queue.js";
import { Reports } from "./console/reports.js";
import { RoomList } from "./console/room-list.js";
import { ThresholdsPage } from "./console/thresholds-page.js";
import { Users } from "./console/users.js";
import { Wall } from "./console/wall.js";

const OPERATORS = new Set(["operator", "administrator"]);

/** @typedef {{board: Board, id: string}} Given each part is given these */

/** @type {readonly {name: string, icon: "camera" | "alarm" | "gear" | "phone" | "people" | "door" | "flag" | "lock" | "device", content: (given: Given) => unknown, isFor: (role: string) => boolean}[]} */
const PARTS = [
  { name: "wall", icon: "camera", content: Wall, isFor: () => true },
  { name: "alerts", icon: "alarm", content: ({ board, id }) => (id === "" ? html`<${Queue} board=${board} />` : html`<${AlertPage} key=${id} board=${board} id=${id} />`), isFor: () => true },
  { name: "thresholds", icon: "gear", content: ThresholdsPage, isFor: () => true },
  { name: "calls", icon: "phone", content: CallHistory, isFor: () => true },
  { name: "rooms", icon: "door", content: RoomList, isFor: () => true },
  { name: "reports", icon: "flag", content: Reports, isFor: () => true },
  { name: "users", icon: "people", content: Users, isFor: () => true },
  { name: "audit", icon: "lock", content: AuditLog, isFor: (role) => role === "administrator" },
  { name: "health", icon: "device", content: HealthPage, isFor: () => true },
];

const where = signal(location.hash);
const board = new Board(surroundings());

addEventListener("hashchange", () => (where.value = location.hash));

function Console() {
  const role = me.value?.role ?? "";
  const parts = PARTS.filter((part) => part.isFor(role));
  const [name = "", id = ""] = where.value.replace("#", "").split("/");
  const shown = parts.find((part) => part.name === name) ?? parts[0];
  return html`<div class="console">
    <nav class="console-nav" aria-label=${text("console.parts")}>
      ${parts.map(
        (part) => html`<a key=${part.name} class="console-tab" href="#${part.name}" aria-current=${part === shown ? "page" : undefined}>
          <${Icon} name=${part.icon} />${text(`console.${part.name}`)}
        </a>`,
      )}
      <span class="console-line console-line-${board.state.value}" role="status">${text(`console.line.${board.state.value}`)}</span>
    </nav>
    <div class="console-part">${shown && html`<${shown.content} board=${board} id=${decodeURIComponent(id)} />`}</div>
  </div>`;
}

/** The list of people and the line begin with the page; both fill it while it is drawn. */
async function prepare() {
  learnNames();
  board.open();
  effect(() => {
    if (board.state.value === "up") addEventListener("online", () => board.line.doubt(), { once: true });
  });
}

open({
  title: "console.title",
  content: Console,
  elsewhere: (profile) => {
    if (profile === null) return withNext(pages.login, pages.console);
    return OPERATORS.has(profile.role) ? null : pages.entry;
  },
  prepare,
});
