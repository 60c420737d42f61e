/** What the console decides without a page: the wall's order and trends, files that are inert, numbers. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { asCsv, asJson } from "../../web/js/console/export.js";
import { numbersIn } from "../../web/js/console/operating.js";
import { EMPTY, TREND_MS, seenOn, trendPath, wallAfter } from "../../web/js/console/wall.js";

const person = (identity, risk, state = "no_sign") => ({ identity, risk, state, age_s: 1, reasons: [] });
const news = (people, more = {}) => ({ room: "tea", call: "c1", people, ...more });
const ALL = { state: "", words: "" };
const shown = (wall, filter = ALL) => seenOn(wall, filter, (one) => `${one.identity} ${one.room}`).map((one) => one.identity);

test("the riskiest stand first, across rooms, and one name in two rooms is two", () => {
  let wall = wallAfter(EMPTY, news([person("ada", 0.2), person("bob", 0.1)]), 1000);
  wall = wallAfter(wall, { ...news([person("ada", 0.9, "likely_synthetic")]), room: "other" }, 2000);
  assert.deepEqual(shown(wall), ["ada", "ada", "bob"]);
  wall = wallAfter(wall, news([person("bob", 0.7, "suspicious")], { gone: ["ada"] }), 3000);
  assert.deepEqual(shown(wall), ["ada", "bob"]);
  assert.deepEqual(shown(wall, { ...ALL, words: " TEA" }), ["bob"]);
  assert.deepEqual(shown(wall, { ...ALL, state: "likely_synthetic" }), ["ada"]);
});

test("a trend keeps three minutes, and breaks off where nothing was known", () => {
  let wall = wallAfter(EMPTY, news([person("ada", 0.5)]), 0);
  wall = wallAfter(wall, news([person("ada", 0.1, "unknown")]), TREND_MS / 2);
  wall = wallAfter(wall, news([person("ada", 0.9)]), TREND_MS);
  const [ada] = seenOn(wall, ALL, () => "");
  assert.equal(trendPath(ada.trend, TREND_MS), "M0.0 0.500L50.0 0.500M100.0 0.100L100.0 0.100");
  wall = wallAfter(wall, news([person("ada", 0.9)]), TREND_MS * 1.6);
  assert.equal(seenOn(wall, ALL, () => "")[0].trend.length, 2);
});

test("a file for spreadsheets is quoted, and holds no formula", () => {
  const rows = [{ name: 'Ada "A", Countess', note: "=cmd()", risk: -0.5, owner: null }, { name: "+1", note: "two\nlines", risk: 1, owner: "bob" }];
  assert.equal(asCsv(rows), 'name,note,risk,owner\r\n"Ada ""A"", Countess",\'=cmd(),-0.5,\r\n\'+1,"two\nlines",1,bob\r\n');
  assert.deepEqual(JSON.parse(asJson(rows)), rows);
});

test("numbers of the metrics are read, with their labels", () => {
  const text = '# HELP x y\nload 0.5\nup{child="sfu-0"} 1.0\nbig 1.5e+06\n';
  assert.deepEqual(numbersIn(text).map(({ name, labels, value }) => [name, labels, value]), [["load", "", 0.5], ["up", 'child="sfu-0"', 1], ["big", "", 1.5e6]]);
});
