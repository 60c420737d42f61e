/**
 * The operators' line: how everybody stands in every room, and alerts as they are raised.
 *
 * Knows `watch_risk`.  It refuses to know how any of it is shown.
 */

import { signal } from "@preact/signals-core";
import { Line } from "../protocol/line.js";
import { NO_PROOFS, proofsAfter } from "../proofs.js";
import { EMPTY, wallAfter } from "./wall.js";

/** @typedef {import("./alerts.js").Alert} Alert */

export class Board {
  /** @param {import("../protocol/line.js").Surroundings} around */
  constructor(around) {
    this.state = signal(/** @type {import("../protocol/line.js").State} */ ("connecting"));
    this.wall = signal(EMPTY);
    this.proofs = signal(NO_PROOFS);
    /** The alert that changed last; whoever shows alerts looks again. */
    this.alert = signal(/** @type {{alert: Alert, act: string} | null} */ (null));
    this._around = around;
    this.line = new Line(around, (line) => this._begin(line));
    this.line.on("state", (state) => (this.state.value = state));
    this.line.on("told", (told) => HEARD[told.type]?.(this, /** @type {any} */ (told)));
  }

  open() {
    this.line.open();
  }

  /** @param {Line} line */
  async _begin(line) {
    // Whoever went while the line was away is told by nobody.
    this.wall.value = EMPTY;
    this.proofs.value = NO_PROOFS;
    await line.ask("watch_risk");
  }
}

/** @type {Readonly<Record<string, (board: Board, told: any) => void>>} */
const HEARD = {
  risk_news: (board, told) => (board.wall.value = wallAfter(board.wall.value, told, board._around.now())),
  proof_news: (board, told) => (board.proofs.value = proofsAfter(board.proofs.value, told)),
  alert_news: (board, { alert, act }) => (board.alert.value = { alert, act }),
};
