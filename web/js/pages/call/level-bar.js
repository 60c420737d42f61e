/** How loud one's microphone is just now. */

import { useEffect, useRef } from "preact/hooks";
import { text } from "../../i18n.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";

// Speech lies between -50 and -10 dB; below it is a quiet room.
const QUIET_DB = -50;
const LOUD_DB = -10;

/** @param {number} level 0 to 1 @returns {number} 0 to 1, as it is felt */
const felt = (level) => {
  const decibels = 20 * Math.log10(Math.max(level, 1e-5));
  return Math.min(Math.max((decibels - QUIET_DB) / (LOUD_DB - QUIET_DB), 0), 1);
};

/** @param {{own: import("../../call/own.js").Own}} properties */
export function LevelBar({ own }) {
  const meter = useRef(/** @type {HTMLMeterElement | null} */ (null));
  useEffect(() => {
    const timer = setInterval(() => {
      if (meter.current) meter.current.value = felt(own.level());
    }, 100);
    return () => clearInterval(timer);
  }, [own]);
  return html`<div class="level">
    <${Icon} name="microphone" />
    <meter class="level-meter" ref=${meter} min="0" max="1" aria-label=${text("lobby.level")}></meter>
  </div>`;
}
