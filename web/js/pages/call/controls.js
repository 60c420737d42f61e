/** What the bar's buttons and the keyboard do; both call the same. */

import { batch } from "@preact/signals";
import { canShare, openScreen } from "../../media/devices.js";
import { text } from "../../i18n.js";
import { announce } from "../../ui/toast.js";

/** @typedef {import("../../call/in-call.js").InCall} InCall */
/** @typedef {import("../../call/own.js").Own} Own */
/** @typedef {import("./stage.js").View} View */

export class Controls {
  /** @param {InCall} call @param {Own} own @param {View} view */
  constructor(call, own, view) {
    this._call = call;
    this._own = own;
    this._view = view;
    this._wasMuted = false;
  }

  async microphone() {
    if (this._own.voice.value === null) await this._own.openMicrophone();
    else this._own.mute(!this._own.muted.value);
    if (this._own.voice.value === null) announce(text(`trouble.microphone.${this._own.microphoneTrouble.value}`));
  }

  /** While the space bar is held, one is heard. @param {boolean} isHeld */
  talk(isHeld) {
    if (isHeld) this._wasMuted = this._own.muted.value;
    if (this._wasMuted) this._own.mute(!isHeld);
  }

  async camera() {
    if (this._own.camera.value !== null) this._own.hideCamera();
    else await this._own.showCamera();
    const trouble = this._own.cameraTrouble.value;
    if (trouble !== null) announce(text(`trouble.camera.${trouble}`));
  }

  async share() {
    if (this._call.connections.screen.value !== null) {
      this._call.connections.stopSharing();
      return;
    }
    if (!canShare()) {
      announce(text("share.not_here"));
      return;
    }
    const chosen = await openScreen().catch(() => null);
    if (chosen !== null) await this._call.connections.share(chosen);
  }

  hand() {
    this._call.hand.value = !this._call.hand.value;
  }

  /** @param {string} name */
  panel(name) {
    this._view.panel.value = this._view.panel.value === name ? null : name;
  }

  layout() {
    batch(() => {
      this._view.pinned.value = null;
      this._view.isGrid.value = !this._view.isGrid.value;
    });
  }

  self() {
    this._view.showSelf(!this._view.isSelfShown.value);
  }

  /** @param {"settings" | "keys"} name */
  dialog(name) {
    this._view.dialog.value = name;
  }

  leave() {
    this._call.leave();
  }
}
