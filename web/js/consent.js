/** Whether a room's calls are checked, by which rules, and what one is asked to agree to. */

import { roomAddress } from "./addresses.js";
import { get, put } from "./api.js";

/** @typedef {import("./protocol/messages.js").DetectionHere} DetectionHere */
/** @typedef {{detection: DetectionHere, text: string}} Asked `text` is in English, for a version that the pages lack */

/** @param {string} room @returns {Promise<Asked>} */
export const askedIn = (room) => get(`${roomAddress(room)}/detection`);

/** @param {string} room @param {Partial<DetectionHere>} wanted @returns {Promise<Asked>} for moderators */
export const setDetection = (room, wanted) => put(`${roomAddress(room)}/detection`, wanted);

/** Whether nobody comes in without saying yes. @param {DetectionHere} detection */
export const mustAgree = ({ runs, consent_required: isRequired }) => runs && isRequired;
