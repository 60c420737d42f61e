/** A note that is recorded: voice, or picture and voice; how loud it is, and the file that it becomes. */

import { openCamera, openMicrophone } from "./devices.js";
import { Meter } from "./levels.js";

/** @typedef {"voice" | "video"} Kind */

/** What browsers can write, best first, and how the file is called. @type {Readonly<Record<Kind, readonly [string, string][]>>} */
const WRITTEN = {
  voice: [["audio/webm;codecs=opus", "webm"], ["audio/ogg;codecs=opus", "ogg"], ["audio/mp4", "m4a"]],
  video: [["video/webm;codecs=vp8,opus", "webm"], ["video/mp4", "mp4"]],
};
const LEVEL_EVERY_MS = 100;

export class Recording {
  /**
   * Ask for the devices and begin.
   *
   * @param {Kind} kind
   * @param {(level: number) => void} onLevel 0 to 1, ten times a second
   * @returns {Promise<Recording>} rejects with DeviceTrouble
   */
  static async begin(kind, onLevel) {
    const microphone = await openMicrophone("");
    try {
      const camera = kind === "video" ? await openCamera("") : null;
      return new Recording(kind, microphone, camera, onLevel);
    } catch (error) {
      microphone.stop();
      throw error;
    }
  }

  /**
   * @param {Kind} kind
   * @param {MediaStreamTrack} microphone
   * @param {MediaStreamTrack | null} camera
   * @param {(level: number) => void} onLevel
   */
  constructor(kind, microphone, camera, onLevel) {
    const [type, ending] = WRITTEN[kind].find(([one]) => MediaRecorder.isTypeSupported(one)) ?? ["", "webm"];
    this.kind = kind;
    this.name = `${kind}.${ending}`;
    this.stream = new MediaStream(camera === null ? [microphone] : [microphone, camera]);
    this._meter = new Meter(microphone);
    this._timer = setInterval(() => onLevel(this._meter.level()), LEVEL_EVERY_MS);
    this._pieces = /** @type {Blob[]} */ ([]);
    this._recorder = new MediaRecorder(this.stream, type === "" ? {} : { mimeType: type });
    this._recorder.ondataavailable = ({ data }) => this._pieces.push(data);
    this._recorder.start();
  }

  /** @returns {Promise<Blob>} what was recorded */
  async stop() {
    const isStopped = new Promise((resolve) => (this._recorder.onstop = resolve));
    this._recorder.stop();
    await isStopped;
    this.close();
    return new Blob(this._pieces, { type: this._recorder.mimeType });
  }

  /** Let go of the devices; nothing is kept. */
  close() {
    clearInterval(this._timer);
    this._meter.close();
    for (const track of this.stream.getTracks()) track.stop();
  }
}
