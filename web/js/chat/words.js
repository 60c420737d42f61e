/** What stands in a text: plain words, addresses to follow, people who are meant.  Pure. */

/** @typedef {{kind: "plain" | "link" | "mention", words: string, mine?: boolean}} Part */
/** @typedef {{id: string, name: string}} Named */

const LINK = /https?:\/\/[^\s<>"'`]+/giu;
// What ends a sentence or closes a bracket is hardly part of the address before it.
const TRAILING = /[.,:;!?)\]}'"，。：；！？）】》]+$/u;

/**
 * @param {string} text
 * @param {readonly Named[]} mentioned
 * @param {string} identity
 * @returns {Part[]}
 */
export function partsOf(text, mentioned, identity) {
  /** @type {Part[]} */
  const parts = [];
  let done = 0;
  for (const match of text.matchAll(LINK)) {
    const address = match[0].replace(TRAILING, "");
    parts.push(...named(text.slice(done, match.index), mentioned, identity));
    parts.push({ kind: "link", words: address });
    done = match.index + address.length;
  }
  parts.push(...named(text.slice(done), mentioned, identity));
  return parts;
}

/**
 * @param {string} text
 * @param {readonly Named[]} mentioned
 * @param {string} identity
 * @returns {Part[]}
 */
function named(text, mentioned, identity) {
  if (text === "") return [];
  for (const { id, name } of mentioned) {
    const at = text.indexOf(`@${name}`);
    if (at < 0) continue;
    const end = at + name.length + 1;
    return [
      ...named(text.slice(0, at), mentioned, identity),
      { kind: "mention", words: text.slice(at, end), mine: id === identity },
      ...named(text.slice(end), mentioned, identity),
    ];
  }
  return [{ kind: "plain", words: text }];
}

/**
 * The name that is being written behind the sign for it, if any.
 *
 * @param {string} text up to the cursor
 * @returns {string | null}
 */
export const mentionBegun = (text) => /(?:^|\s)@(\S*)$/u.exec(text)?.[1] ?? null;

/**
 * @param {string} text
 * @param {readonly Named[]} members
 * @returns {string[]} who of them is meant by the text
 */
export const mentionedIn = (text, members) =>
  members.filter(({ name }) => text.includes(`@${name}`)).map(({ id }) => id);

const EMOJI = /^(?:\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3)/u;
const MOST_EMOJI = 6;

/** @param {string} text @returns {boolean} whether it is nothing but a few emoji */
export function isEmoji(text) {
  const symbols = [...new Intl.Segmenter().segment(text.replace(/\s/gu, ""))].map((one) => one.segment);
  return symbols.length > 0 && symbols.length <= MOST_EMOJI && symbols.every((one) => EMOJI.test(one));
}
