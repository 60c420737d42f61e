/**
 * Every visible text, in the language that was chosen or that the browser asks for.
 *
 * Components that call `text` are drawn again when the language changes.
 */

import { signal } from "@preact/signals-core";
import { recall, remember } from "./memory.js";

/** Language tag to its own name. */
export const LANGUAGES = /** @type {const} */ ({ en: "English", "zh-CN": "中文" });

/** @typedef {keyof typeof LANGUAGES} Language */
/** @typedef {Record<string, string>} Texts */

/** The language on the page now. */
export const language = signal(/** @type {Language} */ ("en"));

const texts = signal(/** @type {Texts} */ ({}));

/**
 * The language to begin with.
 *
 * @param {readonly string[]} wanted the browser's list, most wanted first
 * @returns {Language}
 */
export function firstLanguage(wanted) {
  const chosen = recall("language");
  if (chosen !== null && chosen in LANGUAGES) return /** @type {Language} */ (chosen);
  const known = wanted.find((tag) => /^(en|zh)\b/i.test(tag));
  return known?.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

/**
 * Fetch a language's texts and show them.
 *
 * @param {Language} tag
 */
export async function speak(tag) {
  const response = await fetch(`/static/i18n/${tag}.json`);
  texts.value = await response.json();
  language.value = tag;
}

/**
 * The same, because somebody chose it: it is remembered.
 *
 * @param {Language} tag
 */
export async function choose(tag) {
  await speak(tag);
  remember("language", tag);
}

/**
 * A text with its `{gaps}` filled.
 *
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string} the key itself if there is no such text, so that the gap is seen
 */
export function text(key, values = {}) {
  const found = texts.value[key] ?? key;
  return found.replace(/\{(\w+)\}/g, (gap, name) => String(values[name] ?? gap));
}

/**
 * A text that depends on a number: `key.one`, `key.other`.
 *
 * @param {string} key
 * @param {number} count
 * @returns {string}
 */
export function counted(key, count) {
  const form = new Intl.PluralRules(language.value).select(count) === "one" ? "one" : "other";
  return text(`${key}.${form}`, { count });
}

/**
 * What to tell somebody about an error: what happened and what to do.
 *
 * @param {unknown} error
 * @returns {string}
 */
export function errorText(error) {
  const { code = "internal", retryAfterSeconds = null } = /** @type {any} */ (error) ?? {};
  if (code === "rate_limited" && retryAfterSeconds !== null) {
    return text("error.rate_limited.seconds", { seconds: Math.ceil(retryAfterSeconds) });
  }
  // A line that was cut is, to whoever waits for an answer, a server that gives none.
  const key = code === "cut" ? "error.unreachable" : `error.${code}`;
  return key in texts.value ? text(key) : text("error.internal");
}

/**
 * A point in time in words: date and time of day.
 *
 * @param {string} iso
 */
export function moment(iso) {
  const format = { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(
    language.value,
    /** @type {Intl.DateTimeFormatOptions} */ (format),
  ).format(new Date(iso));
}

/** "14:05". @param {string} iso */
export const timeOfDay = (iso) =>
  new Intl.DateTimeFormat(language.value, { timeStyle: "short" }).format(new Date(iso));

/**
 * A day by its name if it is a near one.
 *
 * @param {string} iso
 * @param {number} [now] milliseconds since 1970
 */
export function day(iso, now = Date.now()) {
  const midnight = (/** @type {Date} */ date) => new Date(date).setHours(0, 0, 0, 0);
  const ago = Math.round((midnight(new Date(now)) - midnight(new Date(iso))) / 86_400_000);
  if (ago < 2) return new Intl.RelativeTimeFormat(language.value, { numeric: "auto" }).format(-ago, "day");
  /** @type {Intl.DateTimeFormatOptions} */
  const near = { weekday: "long" };
  return new Intl.DateTimeFormat(language.value, ago < 7 ? near : { dateStyle: "long" }).format(new Date(iso));
}

/** @type {readonly [Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/**
 * How long ago, or in how long: "5 minutes ago", "in 2 days".
 *
 * @param {string} iso
 * @param {number} now milliseconds since 1970
 */
export function distance(iso, now) {
  const seconds = (new Date(iso).getTime() - now) / 1000;
  const format = new Intl.RelativeTimeFormat(language.value, { numeric: "auto" });
  for (const [unit, size] of UNITS) {
    const count = Math.round(seconds / size);
    // A day less a moment is a day to everybody, but 13 hours are not.
    if (Math.abs(seconds) >= 0.95 * size) return format.format(count, unit);
  }
  return text("time.now");
}
