/** A challenge by the clock: nothing before its time, and nothing that flickers too fast. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Challenged, actAt, colourAt } from "../../web/js/call/challenge.js";
import { Emitter } from "../../web/js/protocol/emitter.js";

const GREEN = [0, 255, 64];
const WHITE = [255, 255, 255];
const REST = [128, 128, 128];
const LIGHT = { kind: "light", colours: [GREEN, WHITE], colour_s: 0.4, rest: REST };

for (const [elapsedS, colour] of [[-0.5, REST], [0, GREEN], [0.39, GREEN], [0.4, WHITE], [0.81, REST], [30, REST]]) {
  test(`after ${elapsedS} s the screen is ${colour}`, () => assert.deepEqual(colourAt(LIGHT, elapsedS), colour));
}

for (const [elapsedS, act] of [[-1, "ahead"], [1, "left"], [2.5, "ahead"], [3, "up"]]) {
  test(`after ${elapsedS} s the order is ${act}`, () => {
    const movements = [{ act: "left", begins_s: 0.5, ends_s: 2 }, { act: "up", begins_s: 3, ends_s: 5 }];
    assert.equal(actAt({ movements }, elapsedS), act);
  });
}

/** A stay whose server begins a second later, and keeps what it was asked. */
function stay() {
  const found = Object.assign(new Emitter(), { said: [], line: {} });
  found.line.ask = async (type, { challenge }) => {
    found.said.push(`${type} ${challenge}`);
    return { begins_in_s: 1, show: LIGHT };
  };
  return found;
}
const timers = { now: () => 500, later: (act) => act, forget: () => {} };
const offer = { type: "challenge_offered", challenge: "c1", kind: "light", why: "host", lasts_s: 13.6 };

test("nothing is shown before it was taken, and readiness is said at once", async () => {
  const room = stay();
  const challenged = new Challenged(room, timers);
  room.emit("told", offer);
  assert.equal(challenged.now.value.at, "offered");
  await challenged.take();
  assert.deepEqual(room.said, ["take_challenge c1", "ready_challenge c1"]);
  assert.equal(challenged.now.value.beginsMs, 1500);
  room.emit("told", { type: "challenge_ended", challenge: "another", outcome: "passed", reason: "" });
  assert.equal(challenged.now.value.at, "begun");
  room.emit("told", { type: "challenge_ended", challenge: "c1", outcome: "passed", reason: "light_followed" });
  assert.equal(challenged.now.value.outcome, "passed");
  room.emit("told", { ...offer, challenge: "c2", why: "once_more" });
  assert.deepEqual([challenged.now.value.at, challenged.now.value.offered.why], ["offered", "once_more"]);
});

test("a refused one is gone, and the server hears of it", () => {
  const room = stay();
  const challenged = new Challenged(room, timers);
  room.emit("told", offer);
  challenged.refuse();
  assert.equal(challenged.now.value, null);
  assert.deepEqual(room.said, ["refuse_challenge c1"]);
});
