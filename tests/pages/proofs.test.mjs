/** Proofs of accounts: whose is known to stand how, and being asked oneself. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Proving } from "../../web/js/call/proving.js";
import { NO_PROOFS, proofOf, proofsAfter } from "../../web/js/proofs.js";
import { Emitter } from "../../web/js/protocol/emitter.js";

const news = (state, room = "tea") => ({ room, identity: "bob", account: "bob", state, way: "", since: null, at: "" });

test("the newest is known of each in each room, and nothing when it is over", () => {
  const known = ["asked", "proved"].map((state) => news(state)).reduce(proofsAfter, NO_PROOFS);
  assert.equal(proofOf(known, "tea", "bob").state, "proved");
  assert.equal(proofOf(known, "elsewhere", "bob"), null);
  assert.equal(proofOf(proofsAfter(known, news("over")), "tea", "bob"), null);
});

test("an answer names what was asked, and only its own end is shown", async () => {
  const said = [];
  const stay = Object.assign(new Emitter(), { line: { ask: async (type, fields) => said.push([type, fields]) } });
  const proving = new Proving(stay);
  stay.emit("told", { type: "proof_asked", proof: "p1", why: "host", by: "Ada", ways: ["authenticator"] });
  await proving.answer("123456");
  await proving.answerBy(async () => ({ signature: "AQID" }));
  stay.emit("told", { type: "proof_ended", proof: "p0", outcome: "expired" });
  assert.equal(proving.now.value.outcome, null);
  stay.emit("told", { type: "proof_ended", proof: "p1", outcome: "proved" });
  assert.equal(proving.now.value.outcome, "proved");
  proving.refuse();
  assert.equal(proving.now.value, null);
  assert.deepEqual(said, [
    ["answer_proof", { proof: "p1", code: "123456" }],
    ["ask_passkey", { proof: "p1" }],
    ["answer_passkey", { proof: "p1", signature: "AQID" }],
    ["refuse_proof", { proof: "p1" }],
  ]);
});
