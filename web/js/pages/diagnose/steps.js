/** The steps of a test as a list, and as a report to hand on. */

import { ApiError } from "../../api.js";
import { errorText, text } from "../../i18n.js";
import { Button } from "../../ui/button.js";
import { html } from "../../ui/html.js";
import { Icon } from "../../ui/icons.js";
import { announce } from "../../ui/toast.js";

/** @typedef {import("../../diagnose/checks.js").Result} Result */
/** @typedef {import("../../diagnose/run.js").Run} Run */

const SIGNS = /** @type {const} */ ({ pass: "check", warn: "warning", fail: "close" });

/** @param {string} name @param {Result} found */
const sentence = (name, { words, values, code }) =>
  [text(`check.${name}.${words}`, values), code === undefined ? "" : errorText(new ApiError(code, ""))].join(" ").trim();

/** @param {{run: Run, names: readonly string[]}} properties */
export function Steps({ run, names }) {
  const { results, running } = run;
  return html`<ol class="checks" aria-live="polite" aria-busy=${running.value !== null}>
    ${names.map((name) => html`<${Step} key=${name} name=${name} found=${results.value.get(name) ?? null} isRunning=${running.value === name} />`)}
  </ol>`;
}

/** @param {{name: string, found: Result | null, isRunning: boolean}} properties */
function Step({ name, found, isRunning }) {
  const state = found?.state ?? (isRunning ? "running" : "open");
  return html`<li class="check-step check-${state}" data-check=${name} data-state=${state}>
    <${Icon} name=${found === null ? "time" : SIGNS[found.state]} />
    <div>
      <strong>${text(`check.${name}`)}</strong>
      <span class="badge">${text(`check.state.${state}`)}</span>
      ${found !== null && html`<p class="lead">${sentence(name, found)}</p>`}
    </div>
  </li>`;
}

/** @param {{run: Run, more?: () => string}} properties `more` is what else belongs into the report */
export function CopyReport({ run, more = () => "" }) {
  const report = () => {
    const lines = [...run.results.value].map(([name, found]) => `${found.state}  ${text(`check.${name}`)}: ${sentence(name, found)}`);
    return [`Candor, ${new Date().toISOString()}`, location.pathname, navigator.userAgent, ...lines, more()].join("\n");
  };
  const copy = () => navigator.clipboard.writeText(report()).then(() => announce(text("diagnose.copied")), () => announce(text("diagnose.not_copied")));
  return html`<${Button} onClick=${copy}><${Icon} name="copy" />${text("diagnose.copy")}</${Button}>`;
}
