/** Who came and who went, read out once for all who did so at about the same time. */

import { useEffect, useState } from "preact/hooks";
import { text } from "../../i18n.js";
import { html } from "../../ui/html.js";

// After a cut or at the beginning of a meeting, many come within a moment.
const BATCH_MS = 1500;

/** @type {Readonly<Record<string, string>>} */
const SAID = { "person.arrived": "comings.came", "person.left": "comings.went" };

/** @param {{call: import("../../call/in-call.js").InCall}} properties */
export function Comings({ call }) {
  const [words, setWords] = useState("");
  useEffect(() => {
    /** @type {{kind: string, name: string}[]} */
    let batch = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const say = () => {
      const sentences = Object.entries(SAID).flatMap(([kind, key]) => {
        const names = batch.filter((one) => one.kind === kind).map((one) => one.name);
        return names.length === 0 ? [] : [text(key, { names: names.join(", ") })];
      });
      batch = [];
      setWords(sentences.join(" "));
    };
    const stop = call.stay.on("event", ({ kind, actor, body }) => {
      if (!(kind in SAID) || actor === call.identity) return;
      batch.push({ kind, name: String(body.name ?? "") });
      clearTimeout(timer);
      timer = setTimeout(say, BATCH_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [call]);
  return html`<p class="unseen" aria-live="polite">${words}</p>`;
}
