/** Something whose code is fetched when it is first shown: not all who come need it. */

import { html } from "./html.js";
import { NotYet, useLoaded } from "./loaded.js";

/**
 * @template {object} Properties
 * @param {() => Promise<(properties: Properties) => unknown>} load
 * @returns {(properties: Properties) => unknown}
 */
export function later(load) {
  const once = () => load().then((Content) => ({ Content }));
  return (properties) => {
    const loaded = useLoaded(once);
    if (loaded.thing === null) return html`<${NotYet} ...${loaded} rows=${3} />`;
    return html`<${loaded.thing.Content} ...${properties} />`;
  };
}
