/** The line to the server on a clock and sockets of our own: no network, no waiting. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { RoomLine } from "../../web/js/protocol/room-line.js";
import { waitBefore } from "../../web/js/protocol/waiting.js";

/** A server in a few lines, and a clock that goes on when it is told to. */
class World {
  now = 0;
  timers = [];
  sockets = [];
  answers = {
    hello: (said) => ({ type: "welcome", identity: "ada", name: "Ada", heartbeat_s: 30, resume: "secret", resumed: said.resume ? ["a"] : [], calls: [] }),
    enter: (said) => ({ type: "snapshot", room: "tea", sequence: 7, after: said.after ?? 7, may: {}, members: [], present: [], call: null }),
    leave: () => ({ type: "ack" }),
  };

  around = {
    open: () => {
      const socket = { said: [], open: true, send: (text) => this.hear(socket, JSON.parse(text)), close: () => (socket.open = false) };
      this.sockets.push(socket);
      queueMicrotask(() => socket.onopen?.({}));
      return socket;
    },
    later: (act, delay) => {
      const timer = { act, at: this.now + delay };
      this.timers.push(timer);
      return timer;
    },
    forget: (timer) => (this.timers = this.timers.filter((one) => one !== timer)),
    random: () => 1,
    now: () => this.now,
  };

  get socket() {
    return this.sockets.at(-1);
  }

  hear(socket, said) {
    socket.said.push(said);
    const told = this.answers[said.type]?.(said);
    if (told) queueMicrotask(() => socket.onmessage?.({ data: JSON.stringify({ ...told, re: said.id }) }));
  }

  tell(told) {
    this.socket.onmessage({ data: JSON.stringify(told) });
  }

  event(sequence) {
    this.tell({ type: "event", room: "tea", sequence, kind: "media.state", actor: "bob", at: "", body: {} });
  }

  async settle() {
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  }

  async pass(milliseconds) {
    const until = this.now + milliseconds;
    for (;;) {
      const due = this.timers.filter((one) => one.at <= until).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.now = Math.max(this.now, due.at);
      this.around.forget(due);
      due.act();
      await this.settle();
    }
    this.now = until;
    await this.settle();
  }
}

async function entered() {
  const world = new World();
  const stay = new RoomLine("tea", world.around);
  const seen = { states: [], events: [], snapshots: [] };
  stay.line.on("state", (state) => seen.states.push(state));
  stay.on("event", (event) => seen.events.push(event.sequence));
  stay.on("snapshot", (snapshot) => seen.snapshots.push(snapshot.sequence));
  stay.open();
  await world.settle();
  return { world, stay, seen };
}

test("it says hello, enters, and is up", async () => {
  const { world, stay, seen } = await entered();
  assert.deepEqual(world.socket.said.map((one) => one.type), ["hello", "enter"]);
  assert.deepEqual(seen.states, ["up"]);
  assert.equal(stay.line.welcome.identity, "ada");
});

test("after a cut it comes back by itself, and asks for what it missed", async () => {
  const { world, seen } = await entered();
  world.event(8);
  world.socket.onclose({ code: 1006 });
  await world.pass(600);
  assert.equal(world.sockets.length, 2);
  assert.equal(world.socket.said[0].resume, "secret");
  assert.deepEqual([world.socket.said[1].after, world.socket.said[1].keep], [8, ["a"]]);
  assert.deepEqual(seen.states, ["up", "away", "connecting", "up"]);
});

test("an event is told once, also when the server tells it twice", async () => {
  const { world, seen } = await entered();
  for (const sequence of [8, 9, 9, 8, 10]) world.event(sequence);
  assert.deepEqual(seen.events, [8, 9, 10]);
});

test("who asks while the line is cut is refused, and not kept waiting", async () => {
  const { world, stay } = await entered();
  const lost = assert.rejects(stay.line.ask("watch"), { code: "cut" });
  world.socket.onclose({ code: 1006 });
  await lost;
  await assert.rejects(stay.line.ask("watch"), { code: "cut" });
});

test("a refusal carries its code", async () => {
  const { world, stay } = await entered();
  world.answers.publish = () => ({ type: "error", error: { code: "forbidden", message: "", detail: null } });
  await assert.rejects(stay.line.ask("publish"), { code: "forbidden" });
});

test("a server that says nothing is asked, and left if it does not answer", async () => {
  const { world } = await entered();
  await world.pass(10_000);
  assert.equal(world.socket.said.at(-1).type, "ping");
  await world.pass(8_000);
  assert.ok(world.sockets[0].open, "to close it would be a goodbye");
  await world.pass(600);
  assert.equal(world.sockets.length, 2);
});

test("a server that drains is given the time that it asked for", async () => {
  const { world } = await entered();
  world.tell({ type: "bye", seconds: 5, reason: "draining" });
  world.socket.onclose({ code: 1001 });
  await world.pass(4900);
  assert.equal(world.sockets.length, 1);
  await world.pass(200);
  assert.equal(world.sockets.length, 2);
});

for (const [what, end, code] of [
  ["a session that has ended", (world) => world.socket.onclose({ code: 4401 }), "session_ended"],
  ["hanging up", (_, stay) => stay.leave(), ""],
]) {
  test(`${what} ends it for good`, async () => {
    const { world, stay, seen } = await entered();
    end(world, stay);
    await world.pass(60_000);
    assert.equal(world.sockets.length, 1);
    assert.equal(seen.states.at(-1), "over");
    assert.equal(stay.line.endedBy, code);
  });
}

test("a room that one may not enter ends it with the reason; a busy server is asked again", async () => {
  for (const [code, sockets, state] of [["not_found", 1, "over"], ["busy", 2, "connecting"]]) {
    const world = new World();
    world.answers.enter = () => ({ type: "error", error: { code, message: "", detail: null } });
    const stay = new RoomLine("tea", world.around);
    stay.open();
    await world.settle();
    world.socket.onclose?.({ code: 1005 });
    await world.pass(600);
    assert.equal(world.sockets.length, sockets, code);
    if (state === "over") assert.equal(stay.line.endedBy, code);
  }
});

test("the wait grows, has an end, and is never nothing", () => {
  const waits = [0, 1, 2, 3, 10, 50].map((tries) => waitBefore(tries, 0.5));
  assert.deepEqual(waits, [...waits].sort((a, b) => a - b));
  assert.ok(waits[0] > 0 && waits.at(-1) <= 15_000);
});
