/** Files on their way to a room, as the server takes them: announced, in pieces, finished. */

import { fileAddress, roomFilesAddress } from "./addresses.js";
import { get, patch, post, remove } from "./api.js";

/** @typedef {import("./chat/messages.js").Attachment} Attachment */

/**
 * @typedef {object} Standing how far a file is
 * @property {string} id
 * @property {"uploading" | "ready"} state
 * @property {number} size
 * @property {number} received the next bytes go behind these
 * @property {Attachment | null} attachment once it is ready
 */

/** @param {string} room @param {string} name @param {number} size @returns {Promise<Standing>} */
export const announceFile = (room, name, size) => post(roomFilesAddress(room), { name, size });

/** @param {string} file @returns {Promise<Standing>} */
export const fileStanding = (file) => get(fileAddress(file));

/** @param {string} file @param {number} offset @param {Blob} piece @returns {Promise<Standing>} */
export const sendPiece = (file, offset, piece) =>
  patch(`${fileAddress(file)}?offset=${offset}`, piece.slice(0, piece.size, "application/offset+octet-stream"));

/** @param {string} file @returns {Promise<Attachment>} */
export const finishFile = (file) => post(fileAddress(file, "/finish"));

/** @param {string} file */
export const withdrawFile = (file) => remove(fileAddress(file));
