/** What a call's page decides without a page: who is there, what fits, why it is dark, how well. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { whyDark } from "../../web/js/call/darkness.js";
import { gridFor, mainTile, paged, placesOn } from "../../web/js/call/layout.js";
import { ringsAfter } from "../../web/js/call/ringing.js";
import { NOBODY, after, presentIn, settled } from "../../web/js/call/roster.js";
import { tilesOf } from "../../web/js/call/tiles.js";
import { activated, encodingsOf, preferring } from "../../web/js/media/encodings.js";
import { HOLD_MS, Speaking } from "../../web/js/media/levels.js";
import { quality, readings } from "../../web/js/media/statistics.js";
import { roomIn } from "../../web/js/rooms.js";

const present = (identity, more = {}) => ({ identity, name: identity, devices: 1, microphone: false, camera: false, screen: false, ...more });
const snapshot = (...people) => ({ room: "tea", sequence: 1, after: 1, may: {}, call: null, present: people, members: people.map(({ identity, name }) => ({ identity, name, role: "member", silenced: [] })) });
const event = (kind, actor, body = {}) => ({ room: "tea", sequence: 2, at: "", kind, actor, body });
const names = (roster) => presentIn(roster).map((one) => one.identity);

test("people keep their places, and whoever comes back comes last", () => {
  let roster = settled(NOBODY, snapshot(present("bob"), present("ada")));
  roster = after(roster, event("person.arrived", "cleo", { name: "Cleo" }));
  assert.deepEqual(names(roster), ["bob", "ada", "cleo"]);
  roster = after(roster, event("person.left", "bob"));
  roster = after(roster, event("person.arrived", "bob", { name: "Bob" }));
  assert.deepEqual(names(roster), ["ada", "cleo", "bob"]);
  roster = settled(roster, snapshot(present("bob"), present("ada")));
  assert.deepEqual(names(roster), ["ada", "bob"]);
});

test("events say what of somebody is sent, what is held back, and what they are", () => {
  let roster = settled(NOBODY, snapshot(present("ada")));
  roster = after(roster, event("media.state", "ada", { microphone: true, camera: true, screen: false, hand: true }));
  roster = after(roster, event("member.silenced", "mo", { user: "ada", sources: ["microphone"] }));
  roster = after(roster, event("member.role", "mo", { user: "ada", role: "moderator" }));
  const ada = roster.get("ada");
  assert.deepEqual([ada.camera, ada.hand, ada.silenced, ada.role], [true, true, ["microphone"], "moderator"]);
  assert.equal(after(roster, event("room.locked", "mo")), roster);
  assert.equal(after(roster, event("member.left", "mo", { user: "ada" })).size, 0);
});

test("everybody has one tile, and a shared screen one more", () => {
  const roster = settled(NOBODY, snapshot(present("me"), present("ada", { camera: true, screen: true })));
  const track = (name) => ({ name });
  const incoming = [
    { mid: "1", identity: "ada", source: "camera", kind: "video", track: track("old device") },
    { mid: "4", identity: "ada", source: "camera", kind: "video", track: track("new device") },
    { mid: "5", identity: "ada", source: "screen", kind: "video", track: track("screen") },
  ];
  const tiles = tilesOf(roster, incoming, { identity: "me", camera: null, screen: null });
  assert.deepEqual(tiles.map((one) => [one.key, one.mid]), [["me", null], ["ada", "4"], ["ada:screen", "5"]]);
});

for (const [count, width, height, columns] of [[1, 1280, 640, 1], [2, 1280, 640, 2], [4, 1280, 640, 2], [9, 1280, 720, 3], [3, 390, 700, 1], [6, 390, 700, 2]]) {
  test(`${count} tiles on ${width} by ${height} stand in ${columns} columns`, () => {
    const grid = gridFor(count, width, height);
    assert.equal(grid.columns, columns);
    assert.ok(grid.columns * grid.rows >= count);
  });
}

test("pages hold everybody once, and the page asked for is one that there is", () => {
  const things = Array.from({ length: 11 }, (_, index) => index);
  const seen = [0, 1, 2].flatMap((page) => paged(things, 4, page).shown);
  assert.deepEqual(seen, things);
  assert.equal(paged(things, 4, 9).page, 2);
  assert.ok(placesOn(320, 480) >= 2 && placesOn(4000, 3000) <= 25);
});

test("the stage is for the pin, else for a screen, else for the speaker", () => {
  const tile = (key, more = {}) => ({ key, identity: key, isScreen: false, isSelf: false, ...more });
  const tiles = [tile("me", { isSelf: true }), tile("ada"), tile("bob")];
  const shared = [...tiles, tile("bob:screen", { identity: "bob", isScreen: true })];
  const wish = { pinned: null, speaker: "bob", isGrid: true };
  assert.equal(mainTile(tiles, wish), null);
  assert.equal(mainTile(tiles, { ...wish, isGrid: false }), "bob");
  assert.equal(mainTile(shared, wish), "bob:screen");
  assert.equal(mainTile(shared, { ...wish, pinned: "ada" }), "ada");
  assert.equal(mainTile(tiles, { ...wish, pinned: "gone" }), null);
});

const SEEN = { isOn: true, isStopped: false, isAway: false, hasTrack: true, news: "complete", moves: true };
for (const [change, reason] of [
  [{}, null],
  [{ isOn: false }, "dark.camera_off"],
  [{ isStopped: true }, "dark.stopped"],
  [{ moves: false, news: "no_bandwidth" }, "dark.no_bandwidth"],
  [{ moves: false, news: "silenced" }, "dark.stopped"],
  [{ moves: false, isAway: true }, "dark.away"],
  [{ moves: false }, "dark.no_key_frame"],
  [{ moves: false, hasTrack: false, news: null }, "dark.coming"],
]) {
  test(`a tile with ${JSON.stringify(change)} says ${reason}`, () => {
    assert.equal(whyDark({ ...SEEN, ...change }), reason);
  });
}

test("the ring is held after a word, and goes out", () => {
  const speaking = new Speaking();
  speaking.hear("ada", 0.2, 1000);
  speaking.hear("bob", 0.0001, 1000);
  assert.deepEqual(speaking.speakers(1000 + HOLD_MS), ["ada"]);
  assert.deepEqual(speaking.speakers(1001 + HOLD_MS), []);
});

test("a camera is sent in three sizes, smallest first, and only those that somebody watches", () => {
  const sizes = encodingsOf("camera");
  assert.deepEqual(sizes.map((one) => one.scaleResolutionDownBy), [4, 2, 1]);
  assert.deepEqual(activated(sizes, ["low", "mid"]).map((one) => one.active), [true, true, false]);
  assert.deepEqual(activated([{}], []).map((one) => one.active), [false]);
});

test("a codec that is preferred comes first, and no other is lost", () => {
  const codecs = ["video/H264", "video/VP8", "video/rtx"].map((mimeType) => ({ mimeType }));
  assert.deepEqual(preferring(codecs, "video/VP8").map((one) => one.mimeType), ["video/VP8", "video/H264", "video/rtx"]);
});

test("counters become rates, and rates become bars", () => {
  const at = (timestamp, more) => readings([{ type: "inbound-rtp", mid: "1", timestamp, frameHeight: 360, ...more }, { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.05 }]);
  const before = at(1000, { bytesReceived: 0, packetsReceived: 0, packetsLost: 0, framesDecoded: 0 });
  const now = at(2000, { bytesReceived: 50_000, packetsReceived: 95, packetsLost: 5, framesDecoded: 24 });
  const found = quality(before.tracks.get("1"), now.tracks.get("1"), now.rttMs);
  assert.deepEqual([found.kbps, found.lossPercent, found.framesPerSecond, found.rttMs, found.bars], [400, 5, 24, 50, 2]);
  assert.equal(quality(undefined, now.tracks.get("1"), 50).bars, 0);
});

for (const [pasted, room] of [
  ["https://candor.example/call/kfbm-sqpw-tzdr", "kfbm-sqpw-tzdr"],
  [" kfbm-sqpw-tzdr ", "kfbm-sqpw-tzdr"],
  ["what is this", null],
]) {
  test(`the room in ${JSON.stringify(pasted)} is ${room}`, () => assert.equal(roomIn(pasted), room));
}

test("a call rings until it is answered on any device, or is over", () => {
  const told = (kind, body, actor = "ada") => ({ kind, room: "tea", actor, body: { call: "c1", ...body } });
  const rung = ringsAfter([], told("call.ringing", { users: ["me"], medium: "video" }), "me");
  assert.deepEqual(rung, [{ call: "c1", room: "tea", caller: "ada", medium: "video" }]);
  assert.deepEqual(ringsAfter([], told("call.ringing", { users: ["bob"] }), "me"), []);
  assert.equal(ringsAfter(rung, told("call.declined", { user: "bob" }), "me"), rung);
  for (const end of [told("call.accepted", { user: "me" }), told("call.missed", { user: "me" }), told("call.ended", {})]) {
    assert.deepEqual(ringsAfter(rung, end, "me"), [], end.kind);
  }
  assert.equal(ringsAfter(rung, told("call.ended", { call: "c2" }), "me").length, 1);
});
