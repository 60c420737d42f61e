/** What a line needs of the browser: sockets, time and chance. */

import { api } from "../addresses.js";

/** @returns {import("../protocol/line.js").Surroundings} */
export const surroundings = () => ({
  open: () => new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${api.socket}`),
  later: (act, delayMs) => setTimeout(act, delayMs),
  forget: (timer) => clearTimeout(timer),
  random: () => Math.random(),
  now: () => performance.now(),
});
