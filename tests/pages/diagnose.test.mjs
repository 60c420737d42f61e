/** What the self-test decides without a page: where media ought to go, and what a frame may show. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { listening, readable } from "../../web/js/diagnose/listening.js";
import { endsIn, onlyBy } from "../../web/js/diagnose/paths.js";
import { placeOfMedia } from "../../web/js/diagnose/places.js";

const ANSWER = [
  "a=candidate:1 1 udp 2130706431 192.0.2.2 5000 typ host",
  "a=candidate:2 1 tcp 1671430143 192.0.2.2 5000 typ host tcptype passive",
  "a=candidate:3 1 udp 2130706430 2001:db8::7 5000 typ host",
  "a=ice-pwd:secret",
].join("\r\n");

test("a description names each end once, and can be left with one kind of way", () => {
  assert.deepEqual(endsIn(ANSWER), [{ address: "192.0.2.2", port: 5000 }, { address: "2001:db8::7", port: 5000 }]);
  assert.ok(!onlyBy(ANSWER, "tcp").includes(" udp "));
});

for (const [address, host, words] of [
  ["203.0.113.7", "192.0.2.2", "wrong"],
  ["192.0.2.2", "192.0.2.2", "closed"],
  ["127.0.0.1", "localhost", "closed"],
  ["2001:db8::7", "[2001:db8::7]", "closed"],
  ["203.0.113.7", "candor.example", "unreached"],
]) {
  test(`media at ${address}, pages from ${host}: ${words}`, () => {
    assert.deepEqual(placeOfMedia([{ address, port: 5000 }], host), { words, told: `${address}:5000` });
  });
}

test("a frame is shown without its secrets", () => {
  const shown = readable(JSON.stringify({ type: "welcome", resume: "abc", token: "def", sdp: ANSWER })).text;
  for (const secret of ["abc", "def", "ice-pwd:secret"]) assert.ok(!shown.includes(secret), secret);
  assert.equal(readable("no JSON").text, "no JSON");
});

test("whoever listens in sees both ways, and takes nothing away", () => {
  const socket = { sent: [], send(text) { this.sent.push(text); }, close() { this.onclose({ code: 1000 }); }, onopen: null, onmessage: null, onclose: null };
  const seen = [];
  const around = listening({ open: () => socket, now: () => 7 }, (frame) => seen.push(`${frame.way} ${frame.type}`));
  const heard = [];
  const tapped = around.open();
  tapped.onmessage = (event) => heard.push(event.data);
  socket.onopen({});
  tapped.send('{"type":"ping"}');
  socket.onmessage({ data: '{"type":"pong"}' });
  around.cut();
  assert.deepEqual(seen, ["opened ", "sent ping", "received pong", "closed 1000"]);
  assert.deepEqual([socket.sent, heard], [['{"type":"ping"}'], ['{"type":"pong"}']]);
});
