/** Files on their way, against a server in a few lines: cut, gone on with, withdrawn. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { PIECE_BYTES, Uploads } from "../../web/js/chat/uploads.js";

const entry = { clientId: "c1", upload: null, file: { name: "plan.pdf", size: 3 * PIECE_BYTES, kind: "file" } };
const blob = new Blob([new Uint8Array(3 * PIECE_BYTES)]);

class Server {
  received = 0;
  sent = [];
  withdrawn = [];
  refuse = () => null;
  standing = () => ({ id: "f1", state: "uploading", size: blob.size, received: this.received, attachment: null });
  doors = {
    announce: async () => this.standing(),
    standing: async () => this.standing(),
    send: async (id, offset, piece) => {
      const refusal = this.refuse(offset);
      if (refusal) throw refusal;
      if (offset !== this.received) throw { code: "upload_conflict" };
      this.sent.push(offset);
      this.received += piece.size;
      return this.standing();
    },
    finish: async (id) => ({ id, kind: "file", name: "plan.pdf" }),
    withdraw: async (id) => void this.withdrawn.push(id),
  };
}

const shelfOf = (kept) => ({ put: async (key, one) => void kept.set(key, one), get: async (key) => kept.get(key) ?? null, drop: async (key) => void kept.delete(key) });

test("an upload that was cut goes on where it was, also in another page", async () => {
  const [server, kept] = [new Server(), new Map()];
  const first = new Uploads(server.doors, shelfOf(kept));
  await first.hold("c1", blob);
  server.refuse = (offset) => (offset >= PIECE_BYTES ? { code: "unreachable" } : null);
  let upload = null;
  await assert.rejects(first.carry(entry, (id) => (upload = id)), { code: "unreachable" });
  assert.deepEqual([upload, Math.round(first.progress.value.get("c1") * 100)], ["f1", 33]);

  server.refuse = () => null;
  const second = new Uploads(server.doors, shelfOf(kept));
  assert.equal((await second.carry({ ...entry, upload }, assert.fail)).id, "f1");
  assert.deepEqual(server.sent, [0, PIECE_BYTES, 2 * PIECE_BYTES]);
  second.forget({ ...entry, upload }, true);
  assert.deepEqual([kept.size, server.withdrawn], [0, []]);
});

test("a piece whose answer was lost is not sent twice", async () => {
  const server = new Server();
  const uploads = new Uploads(server.doors, shelfOf(new Map([["c1", blob]])));
  server.refuse = (offset) => {
    if (offset === PIECE_BYTES && server.received === PIECE_BYTES) server.received = 2 * PIECE_BYTES;
    return null;
  };
  await uploads.carry(entry, () => {});
  assert.deepEqual(server.sent, [0, 2 * PIECE_BYTES]);
});

test("whoever stops leaves the rest to the next one", async () => {
  const server = new Server();
  const kept = new Map([["c1", blob]]);
  const uploads = new Uploads(server.doors, shelfOf(kept));
  server.refuse = () => void uploads.stop();
  await assert.rejects(uploads.carry(entry, () => {}), { code: "cut" });
  assert.deepEqual([server.sent, server.withdrawn, kept.size], [[0], [], 1]);
});

test("what is withdrawn stops, and what this browser lost is said to be lost", async () => {
  const server = new Server();
  const kept = new Map([["c1", blob]]);
  const uploads = new Uploads(server.doors, shelfOf(kept));
  server.refuse = (offset) => {
    if (offset === PIECE_BYTES) uploads.forget({ ...entry, upload: "f1" }, false);
    return null;
  };
  await assert.rejects(uploads.carry(entry, () => {}), { code: "withdrawn" });
  assert.deepEqual([server.sent.length, server.withdrawn], [2, ["f1"]]);
  const other = new Uploads(server.doors, shelfOf(new Map()));
  await assert.rejects(other.carry({ ...entry, upload: "f1" }, () => {}), { code: "file_lost" });
});
