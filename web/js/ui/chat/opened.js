/** A conversation as this browser has it: the server, the storage, the clock and chance put together. */

import { newKey } from "../../api.js";
import { membersOf, messagesOf, positionsOf, rulesOf } from "../../chats.js";
import { Conversation } from "../../chat/conversation.js";
import { Faces } from "../../chat/faces.js";
import { Keeping } from "../../chat/keeping.js";
import { shelfOf } from "../../chat/shelf.js";
import { Uploads } from "../../chat/uploads.js";
import { surroundings } from "../../call/surroundings.js";
import { announceFile, fileStanding, finishFile, sendPiece, withdrawFile } from "../../files.js";
import { store } from "../../memory.js";
import { readPerson } from "../../people.js";

/**
 * @param {Pick<import("../../rooms.js").Room, "id" | "kind">} room
 * @param {string} identity
 * @param {import("../../protocol/room-line.js").RoomLine} stay
 */
export function conversationIn(room, identity, stay) {
  const { id } = room;
  const doors = {
    messages: (/** @type {import("../../chat/history.js").Place} */ place) => messagesOf(id, place),
    positions: () => positionsOf(id),
    members: () => membersOf(id),
    rules: () => rulesOf(id),
  };
  const tools = {
    keeping: new Keeping(store(), identity, id),
    faces: new Faces(readPerson),
    uploads: new Uploads(uploadDoors(id), shelfOf(identity)),
    newId: newKey,
    clock: surroundings(),
  };
  return new Conversation({ room, identity }, stay, doors, tools);
}

/** @param {string} room @returns {import("../../chat/uploads.js").Doors} */
const uploadDoors = (room) => ({
  announce: (name, size) => announceFile(room, name, size),
  standing: fileStanding,
  send: sendPiece,
  finish: finishFile,
  withdraw: withdrawFile,
});
