/** Who waits at the room's door, as those know who may let them in. */

import { useEffect, useState } from "preact/hooks";
import { whoWaits } from "../../moderation.js";

/** @typedef {import("../../call/in-call.js").InCall} InCall */
/** @typedef {import("../../rooms.js").Room} Room */

const AT_DOOR = new Set(["member.waiting", "member.admitted", "member.denied", "member.gave_up", "member.joined"]);

/** @param {Room} room @param {InCall} call */
export function useWaiting(room, call) {
  const [waiting, setWaiting] = useState(/** @type {import("../../moderation.js").Knock[]} */ ([]));
  useEffect(() => {
    let isHere = true;
    const look = () => whoWaits(room.id).then((found) => isHere && setWaiting(found), () => {});
    look();
    const stop = call.stay.on("event", (event) => AT_DOOR.has(event.kind) && look());
    return () => {
      isHere = false;
      stop();
    };
  }, [room.id, call]);
  return waiting;
}
