/** Rows as a file for others: JSON as they are, CSV that no spreadsheet takes for a formula.  Pure. */

/** @typedef {Readonly<Record<string, unknown>>} Row */

// What a spreadsheet would calculate (OWASP, CSV injection).
const FORMULA = /^[=+\-@\t\r]/;

/** @param {unknown} value */
function cell(value) {
  const text = value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  const inert = typeof value === "string" && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

/** By RFC 4180. @param {readonly Row[]} rows all with the names of the first */
export function asCsv(rows) {
  const names = Object.keys(rows[0] ?? {});
  return [names, ...rows.map((row) => names.map((name) => row[name]))].map((line) => `${line.map(cell).join(",")}\r\n`).join("");
}

/** @param {readonly Row[]} rows */
export const asJson = (rows) => `${JSON.stringify(rows, null, 2)}\n`;
