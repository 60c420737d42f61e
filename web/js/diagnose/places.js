/** Where a server says that its media are, held against where its pages are.  Pure. */

const NUMBERS = /^(\d{1,3}(\.\d{1,3}){3}|\[?[0-9a-f:]*:[0-9a-f:.]*\]?)$/i;
const HERE = "127.0.0.1";

/**
 * Why nothing answers there, as far as that can be known from a page.
 *
 * @param {readonly {address: string, port: number}[]} ends as the server told them
 * @param {string} host by which the page was found
 * @returns {{words: "wrong" | "closed" | "unreached", told: string}}
 */
export function placeOfMedia(ends, host) {
  const told = [...new Set(ends.map(({ address, port }) => `${address}:${port}`))].join(", ");
  const here = host === "localhost" ? HERE : host.replace(/^\[|\]$/g, "");
  if (!NUMBERS.test(here)) return { words: "unreached", told };
  return { words: ends.some(({ address }) => address === here) ? "closed" : "wrong", told };
}
