/** How people stand: kept by identity, older by the clock, worst first. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_STANDINGS, after, ageOf, byRisk } from "../../web/js/risk.js";

const person = (identity, state, risk = 0.1, more = {}) => ({ identity, state, risk, why: "", age_s: 2, reasons: [], ...more });

test("news replace what was known of somebody, and whoever is gone is gone", () => {
  const first = after(NO_STANDINGS, { people: [person("ada", "no_sign"), person("bob", "no_sign")] }, 1000);
  const second = after(first, { people: [person("ada", "suspicious", 0.7)], gone: ["bob"] }, 4000);
  assert.deepEqual([...second.keys()], ["ada"]);
  assert.equal(second.get("ada").state, "suspicious");
  assert.equal(ageOf(first.get("ada"), 4000), 5);
  assert.equal(ageOf({ age_s: null, heardMs: 0 }, 4000), null);
});

test("the worst come first, and who is unknown before who is not", () => {
  const people = [person("a", "verified", 0.02), person("b", "no_sign", 0.2), person("c", "suspicious", 0.65), person("d", "unknown"), person("e", "suspicious", 0.75), person("f", "likely_synthetic", 0.9)];
  assert.deepEqual(people.sort(byRisk).map((one) => one.identity), ["f", "e", "c", "d", "b", "a"]);
});
