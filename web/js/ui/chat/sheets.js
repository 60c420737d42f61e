/** Panels over a chat, by name. */

import { html } from "../html.js";
import { AttachSheet } from "./attach-sheet.js";
import { EditsSheet } from "./edits-sheet.js";
import { ForwardSheet } from "./forward-sheet.js";
import { PersonSheet } from "./person-sheet.js";
import { PinsSheet } from "./pins-sheet.js";
import { ReadersSheet } from "./readers-sheet.js";
import { RemoveSheet } from "./remove-sheet.js";
import { ReportSheet } from "./report-sheet.js";
import { RulesSheet } from "./rules-sheet.js";
import { SearchSheet } from "./search-sheet.js";
import { VideoNoteSheet } from "./video-note-sheet.js";
import { Viewer } from "./viewer.js";

/** @typedef {import("../../chat/conversation.js").Conversation} Conversation */
/** @typedef {import("./desk.js").Desk} Desk */

/** @type {Readonly<Record<string, (properties: any) => unknown>>} */
const SHEETS = {
  attach: AttachSheet,
  edits: EditsSheet,
  forward: ForwardSheet,
  person: PersonSheet,
  pins: PinsSheet,
  readers: ReadersSheet,
  remove: RemoveSheet,
  report: ReportSheet,
  search: SearchSheet,
  settings: RulesSheet,
  "video-note": VideoNoteSheet,
  viewer: Viewer,
};

/** @param {{conversation: Conversation, desk: Desk}} properties */
export function Sheets({ conversation, desk }) {
  const sheet = desk.sheet.value;
  const Sheet = sheet === null ? null : (SHEETS[sheet.name] ?? null);
  if (Sheet === null) return null;
  return html`<${Sheet} ...${sheet} conversation=${conversation} desk=${desk} onClose=${() => desk.close()} />`;
}
