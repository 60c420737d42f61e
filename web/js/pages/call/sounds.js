/** Everybody's voice, played where one wants to hear it. */

import { useEffect, useRef } from "preact/hooks";
import { html } from "../../ui/html.js";

/** @typedef {import("./stage.js").View} View */

/** @param {{call: import("../../call/in-call.js").InCall, own: import("../../call/own.js").Own, view: View}} properties */
export function Sounds({ call, own, view }) {
  const heard = call.connections.incoming.value.filter((one) => one.kind === "audio");
  const speaker = own.chosen.value.audiooutput;
  return html`<div hidden>
    ${heard.map((one) => html`<${Sound} key=${one.mid} track=${one.track} speaker=${speaker} view=${view} />`)}
  </div>`;
}

/** @param {{track: MediaStreamTrack, speaker: string, view: View}} properties */
function Sound({ track, speaker, view }) {
  const audio = useRef(/** @type {HTMLAudioElement | null} */ (null));
  const isSilent = view.isSilent.value;
  useEffect(() => {
    if (audio.current !== null) audio.current.srcObject = new MediaStream([track]);
  }, [track]);
  useEffect(() => {
    audio.current?.play().catch((error) => {
      if (error.name === "NotAllowedError") view.isSilent.value = true;
    });
  }, [track, isSilent]);
  useEffect(() => {
    const element = /** @type {any} */ (audio.current);
    if (speaker !== "" || element?.sinkId) element?.setSinkId?.(speaker).catch(() => {});
  }, [speaker]);
  return html`<audio ref=${audio} autoplay></audio>`;
}
