/**
 * One's own camera, microphone and loudspeaker: what is wanted, what is there, what is wrong.
 *
 * Lives through lobby and call.  Knows devices and signals.  It refuses to know what is sent where.
 */

import { batch, computed, signal } from "@preact/signals-core";
import { DeviceTrouble, devicesThere, onDeviceChange, openCamera, openMicrophone } from "../media/devices.js";
import { Meter } from "../media/levels.js";
import { recall, remember } from "../memory.js";

/** @typedef {import("../media/devices.js").Trouble} Trouble */
/** @typedef {import("../media/devices.js").DeviceKind} DeviceKind */

/** @param {unknown} error @returns {Trouble} */
const wordFor = (error) => (error instanceof DeviceTrouble ? error.trouble : "failed");

const NONE = { audioinput: [], videoinput: [], audiooutput: [] };

/** @type {Readonly<Record<DeviceKind, import("../memory.js").Word>>} */
const REMEMBERED = { audioinput: "microphone", videoinput: "camera", audiooutput: "speaker" };

export class Own {
  constructor() {
    this.camera = signal(/** @type {MediaStreamTrack | null} */ (null));
    /** What is sent of the microphone: a copy, so that the meter hears also while it is muted. */
    this.voice = signal(/** @type {MediaStreamTrack | null} */ (null));
    this.muted = signal(recall("muted") === "yes");
    this.cameraTrouble = signal(/** @type {Trouble | null} */ (null));
    this.microphoneTrouble = signal(/** @type {Trouble | null} */ (null));
    this.devices = signal(/** @type {Record<DeviceKind, MediaDeviceInfo[]>} */ (NONE));
    this.chosen = signal(
      /** @type {Record<DeviceKind, string>} */ ({
        audioinput: recall("microphone") ?? "",
        videoinput: recall("camera") ?? "",
        audiooutput: recall("speaker") ?? "",
      }),
    );
    this.isSpeaking = computed(() => this.voice.value !== null && !this.muted.value);
    this._microphone = /** @type {MediaStreamTrack | null} */ (null);
    this._meter = /** @type {Meter | null} */ (null);
    this._forget = onDeviceChange(() => this._devicesChanged());
  }

  /** Open what the person has not switched off; troubles are noted, never thrown. */
  async begin() {
    if (recall("camera-off") !== "yes") await this.showCamera();
    await this.openMicrophone();
    await this._look();
  }

  async showCamera() {
    remember("camera-off", null);
    await this._openCamera(this.chosen.value.videoinput);
  }

  /** The lamp beside the camera goes out. */
  hideCamera() {
    remember("camera-off", "yes");
    this.camera.value?.stop();
    this.camera.value = null;
  }

  async openMicrophone() {
    try {
      this._takeMicrophone(await openMicrophone(this.chosen.value.audioinput));
    } catch (error) {
      this._takeMicrophone(null);
      this.microphoneTrouble.value = wordFor(error);
    }
  }

  /** @param {boolean} muted */
  mute(muted) {
    remember("muted", muted ? "yes" : null);
    this.muted.value = muted;
    if (this.voice.value) this.voice.value.enabled = !muted;
  }

  /** How loud the microphone is, muted or not. */
  level() {
    return this._meter?.level() ?? 0;
  }

  /** @param {DeviceKind} kind @param {string} id */
  async choose(kind, id) {
    remember(REMEMBERED[kind], id === "" ? null : id);
    this.chosen.value = { ...this.chosen.value, [kind]: id };
    if (kind === "audioinput") await this.openMicrophone();
    if (kind === "videoinput" && this.camera.value !== null) await this._openCamera(id);
  }

  close() {
    this._forget();
    this.camera.value?.stop();
    this.camera.value = null;
    this._takeMicrophone(null);
  }

  /** @param {string} id */
  async _openCamera(id) {
    const before = this.camera.value;
    // Some cameras can be opened once only, whoever asks.
    before?.stop();
    try {
      const track = await openCamera(id);
      track.addEventListener("ended", () => this._lostCamera(track));
      batch(() => {
        this.camera.value = track;
        this.cameraTrouble.value = null;
      });
    } catch (error) {
      batch(() => {
        this.camera.value = null;
        this.cameraTrouble.value = wordFor(error);
      });
    }
    await this._look();
  }

  /** @param {MediaStreamTrack} track */
  _lostCamera(track) {
    if (this.camera.value === track) this._openCamera("");
  }

  /** @param {MediaStreamTrack | null} track */
  _takeMicrophone(track) {
    this._microphone?.stop();
    this.voice.value?.stop();
    this._meter?.close();
    this._microphone = track;
    this._meter = track === null ? null : new Meter(track);
    const voice = track?.clone() ?? null;
    if (voice) voice.enabled = !this.muted.value;
    track?.addEventListener("ended", () => this._microphone === track && this.openMicrophone());
    batch(() => {
      this.voice.value = voice;
      if (track !== null) this.microphoneTrouble.value = null;
    });
  }

  /** Something was plugged in or out; where nothing could be opened, there may be something now. */
  async _devicesChanged() {
    await this._look();
    if (this.microphoneTrouble.value === "missing") await this.openMicrophone();
    if (this.cameraTrouble.value === "missing") await this.showCamera();
  }

  async _look() {
    this.devices.value = await devicesThere().catch(() => this.devices.value);
  }
}
