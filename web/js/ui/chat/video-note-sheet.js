/** A video note: one sees oneself as in a mirror while it is recorded. */

import { useEffect, useRef } from "preact/hooks";
import { text } from "../../i18n.js";
import { Button } from "../button.js";
import { Dialog } from "../dialog.js";
import { html } from "../html.js";
import { Icon } from "../icons.js";
import { useDeed } from "../loaded.js";
import { useRecording } from "./recorder.js";
import { clock } from "./voice-note.js";

/** @param {{conversation: import("../../chat/conversation.js").Conversation, onClose: () => void}} properties */
export function VideoNoteSheet({ conversation, onClose }) {
  const { recording, stream, seconds } = useRecording("video", onClose);
  const mirror = useRef(/** @type {HTMLVideoElement | null} */ (null));
  useEffect(() => {
    if (mirror.current) mirror.current.srcObject = stream.value;
  }, [stream.value]);
  const sending = useDeed(async () => {
    const done = recording.current;
    if (done === null) return;
    await conversation.show(await done.stop(), done.name, "video");
    onClose();
  });
  return html`<${Dialog} title=${text("record.video")} onClose=${onClose}>
    <video class="video-note" ref=${mirror} autoplay muted playsinline aria-label=${text("record.mirror")}></video>
    <div class="row row-centred">
      <span class="recorder-sign" aria-hidden="true"></span><span class="voice-time" role="timer">${clock(seconds.value)}</span>
      <${Button} kind="primary" busy=${sending.busy} onClick=${sending.run}><${Icon} name="send" />${text("record.send")}</${Button}>
      <${Button} kind="quiet" onClick=${onClose}>${text("record.cancel")}</${Button}>
    </div>
  </${Dialog}>`;
}
