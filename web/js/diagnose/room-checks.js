/**
 * The steps that lead into one room, in words: who asks, whether it lets them in, what is in the way.
 *
 * Whoever does not belong to a room is not told whether it is there; a step says both, then.
 */

import { ApiError } from "../api.js";
import { CHECKS, isUp, result } from "./checks.js";

/** @typedef {import("./checks.js").Scene} Scene */
/** @typedef {import("./checks.js").Result} Result */

/**
 * @typedef {object} InRoom what these steps need beside
 * @property {import("../protocol/room-line.js").RoomLine} stay in the room that is looked at
 * @property {() => Promise<{title: string}>} find the room; rejects for whoever does not belong to it
 * @property {() => Promise<"waiting" | "denied" | "admitted">} standing at its door
 */

/** @type {Readonly<Record<string, (scene: Scene & InRoom) => Promise<Result>>>} */
export const ROOM_CHECKS = {
  session: async ({ identity }) => (identity === "" ? result("fail", "nobody") : result("pass", "fine")),
  certificate: CHECKS.certificate,
  server: CHECKS.server,
  room: async ({ identity, find, standing }) => {
    if (identity === "") return result("fail", "nobody");
    try {
      const { title } = await find();
      return result("pass", "fine", { title });
    } catch (error) {
      return codeOf(error) === "not_found" ? atTheDoor(standing) : refused(error);
    }
  },
  line: async ({ identity, stay }) => {
    if (identity === "") return result("fail", "nobody");
    stay.open();
    const isIn = await isUp(stay.line);
    return isIn || stay.line.welcome !== null ? result("pass", "fine") : result("fail", "blocked");
  },
  enter: async ({ stay }) => {
    if (stay.line.state === "up") return result("pass", "fine");
    const code = stay.line.endedBy;
    return code === "" ? result("fail", "no_socket") : { ...result("fail", "refused"), code };
  },
  socket: CHECKS.socket,
  udp: CHECKS.udp,
  tcp: CHECKS.tcp,
  address: CHECKS.address,
};

/** @param {() => Promise<"waiting" | "denied" | "admitted">} standing @returns {Promise<Result>} */
async function atTheDoor(standing) {
  try {
    const state = await standing();
    return result("fail", state === "admitted" ? "hidden" : state);
  } catch (error) {
    return codeOf(error) === "not_found" ? result("fail", "hidden") : refused(error);
  }
}

/** @param {unknown} error */
const codeOf = (error) => (error instanceof ApiError ? error.code : "");

/** @param {unknown} error @returns {Result} */
const refused = (error) => ({ ...result("fail", "refused"), code: codeOf(error) || "internal" });
