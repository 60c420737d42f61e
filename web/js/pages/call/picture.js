/** A track in motion: the element is the browser's, and what plays in it is given to it here. */

import { useEffect, useRef } from "preact/hooks";
import { html } from "../../ui/html.js";

/**
 * @param {{
 *   track: MediaStreamTrack, isMirrored?: boolean, isWhole?: boolean, label: string,
 *   onMoves?: () => void,
 * }} properties `isWhole` if nothing may be cut off at its edges
 */
export function Picture({ track, isMirrored = false, isWhole = false, label, onMoves }) {
  const video = useRef(/** @type {HTMLVideoElement | null} */ (null));
  useEffect(() => {
    const element = video.current;
    if (element === null) return;
    element.srcObject = new MediaStream([track]);
    // Without sound nobody is kept from playing; a page in the background may be told to wait.
    element.play().catch(() => {});
  }, [track]);
  const shape = `picture ${isMirrored ? "picture-mirrored" : ""} ${isWhole ? "picture-whole" : ""}`;
  return html`<video
    class=${shape} ref=${video} muted playsinline autoplay aria-label=${label} onLoadedData=${onMoves} onResize=${onMoves}
    disablePictureInPicture=${isMirrored}
  ></video>`;
}
