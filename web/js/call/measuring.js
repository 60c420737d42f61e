/**
 * Measures a call while it goes on: who speaks, how well each track arrives, whether one talks
 * while one is muted.
 *
 * Knows the call's connections and clocks.  It refuses to know how any of it is shown.
 */

import { batch, signal } from "@preact/signals-core";
import { SPEECH, Speaking, levelOf } from "../media/levels.js";
import { quality, readings } from "../media/statistics.js";

/** @typedef {import("./in-call.js").InCall} InCall */
/** @typedef {import("../media/statistics.js").Quality} Quality */
/** @typedef {import("../media/statistics.js").Reading} Reading */

const LISTEN_EVERY_MS = 150;
const COUNT_EVERY_MS = 1000;
// A cough is not talking: so many of the last readings have to be speech.
const WINDOW = 12;
const TALKING = 6;

export class Measuring {
  /** @param {InCall} call */
  constructor(call) {
    this.speaking = signal(/** @type {readonly string[]} */ ([]));
    /** By MID. */
    this.qualities = signal(/** @type {ReadonlyMap<string, Quality>} */ (new Map()));
    this.isTalkingMuted = signal(false);
    this._call = call;
    this._voices = new Speaking();
    this._before = /** @type {Map<string, Reading>} */ (new Map());
    this._own = /** @type {boolean[]} */ ([]);
    this._timers = [
      setInterval(() => this._listen(), LISTEN_EVERY_MS),
      setInterval(() => this._count(), COUNT_EVERY_MS),
    ];
  }

  close() {
    for (const timer of this._timers) clearInterval(timer);
  }

  _listen() {
    const now = performance.now();
    for (const one of this._call.connections.incoming.value) {
      if (one.source === "microphone") this._voices.hear(one.identity, levelOf(one.receiver), now);
    }
    const { own, identity } = this._call;
    const level = own.level();
    if (own.isSpeaking.value) this._voices.hear(identity, level, now);
    this._own = [...this._own, own.muted.value && level >= 2 * SPEECH].slice(-WINDOW);
    const speakers = this._voices.speakers(now);
    batch(() => {
      if (speakers.join() !== this.speaking.value.join()) this.speaking.value = speakers;
      this.isTalkingMuted.value = own.muted.value && this._own.filter(Boolean).length >= TALKING;
    });
  }

  async _count() {
    const connection = this._call.connections.arriving;
    if (connection === null) return;
    const reports = await connection.getStats();
    const { tracks, rttMs } = readings(reports.values());
    this.qualities.value = new Map(
      [...tracks].map(([mid, reading]) => [mid, quality(this._before.get(mid), reading, rttMs)]),
    );
    this._before = tracks;
  }
}
