/** What a chat decides without a page: what is shown, in which order, and what is on its way. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "../../web/js/chat/history.js";
import { Inbox } from "../../web/js/chat/inbox.js";
import { Keeping, forget } from "../../web/js/chat/keeping.js";
import { changed, messageOf } from "../../web/js/chat/messages.js";
import { Outbox } from "../../web/js/chat/outbox.js";
import { rowsOf } from "../../web/js/chat/rows.js";
import { isEmoji, mentionBegun, mentionedIn, partsOf } from "../../web/js/chat/words.js";

const event = (sequence, kind, body = {}, actor = "bob") => ({ room: "tea", sequence, kind, actor, at: `2030-01-02T03:${String(sequence % 60).padStart(2, "0")}:00Z`, body });
const posted = (sequence, actor = "bob") => event(sequence, "message.posted", { message: `m${sequence}`, client_id: `c${sequence}`, kind: "text", text: `words ${sequence}` }, actor);
const message = (sequence, actor) => messageOf(posted(sequence, actor));
const sequences = (history) => history.messages.value.map((one) => one.sequence);

/** A room of so many messages, read in pages of ten. */
function roomOf(count) {
  const all = Array.from({ length: count }, (_, index) => message(index + 1));
  return async ({ before = Infinity, after, around }) => {
    if (after !== undefined) return { messages: all.filter((one) => one.sequence > after).slice(0, 10), more: after + 10 < count };
    const end = around === undefined ? before : around + 5;
    const found = all.filter((one) => one.sequence < end).slice(-10);
    return { messages: found, more: (found[0]?.sequence ?? 1) > 1 };
  };
}

test("history grows at both ends, and what happens while a page comes is not lost", async () => {
  const read = roomOf(40);
  const history = new History(async (place) => {
    const page = await read(place);
    if (place.before !== undefined) history.hear(event(41, "message.edited", { message: "m25", text: "better" }));
    return page;
  });
  await history.toNewest();
  assert.deepEqual([sequences(history)[0], sequences(history).at(-1), history.hasOlder.value], [31, 40, true]);
  await history.older();
  assert.equal(history.messages.value.find((one) => one.id === "m25").text, "better");
  history.hear(posted(42));
  history.hear(posted(42));
  assert.deepEqual(sequences(history).slice(-2), [40, 42]);
  await history.around(10);
  history.hear(posted(43));
  assert.equal(sequences(history).includes(43), false, "behind a gap");
  while (history.hasNewer.value) await history.newer();
  assert.deepEqual(sequences(history), Array.from({ length: 36 }, (_, index) => index + 5));
});

test("events change the message that they name, and no other", () => {
  const known = [message(1), message(2)];
  const after = [
    event(3, "message.reacted", { message: "m1", emoji: "👍", on: true }, "ada"),
    event(4, "message.reacted", { message: "m1", emoji: "👍", on: true }),
    event(5, "message.reacted", { message: "m1", emoji: "👍", on: false }, "ada"),
    event(6, "message.pinned", { message: "m1", on: true }),
    event(7, "message.deleted", { message: "m2" }),
  ].reduce(changed, known);
  assert.deepEqual(after[0].reactions, [{ emoji: "👍", users: ["bob"] }]);
  assert.ok(after[0].pinned_at);
  assert.deepEqual([after[1].text, Boolean(after[1].deleted_at)], ["", true]);
  assert.equal(changed(after, event(8, "message.edited", { message: "m9", text: "?" })), after);
});

test("rows tell days, groups, and where the unread begin", () => {
  const rows = rowsOf([message(1), message(2), message(3, "ada"), message(20), message(21)], { after: 2, upTo: 20 }, "ada");
  assert.deepEqual(rows.map((row) => row.kind), ["day", "message", "message", "message", "unread", "message", "message"]);
  assert.deepEqual(rows.flatMap((row) => row.isFirst ?? []), [true, false, true, true, false]);
});

test("words hold links, people and nothing that could do harm", () => {
  const people = [{ id: "u1", name: "Ada" }];
  const parts = partsOf("@Ada see (https://a.example/x?y=1). javascript:alert(1)", people, "u1");
  assert.deepEqual(parts.map((one) => one.kind), ["mention", "plain", "link", "plain"]);
  assert.deepEqual([parts[0].mine, parts[2].words], [true, "https://a.example/x?y=1"]);
  assert.deepEqual([mentionBegun("hello @Ad"), mentionBegun("a@b"), mentionBegun("@Ada ")], ["Ad", null, null]);
  assert.deepEqual(mentionedIn("@Ada!", people), ["u1"]);
  assert.deepEqual(["👍", "👩‍👩‍👧 🇨🇳", "5", "ok 👍", ""].map(isEmoji), [true, true, false, false, false]);
});

/** Storage as browsers have it. */
class Store extends Map {
  getItem = (key) => this.get(key) ?? null;
  setItem = (key, value) => this.set(key, value);
  removeItem = (key) => this.delete(key);
  key = (index) => [...this.keys()][index];
  get length() {
    return this.size;
  }
}

const draft = (text, more = {}) => ({ kind: "text", text, replyTo: null, mentions: [], ...more });
const settle = async () => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

test("what is written outlives the page, is sent in order and once, and says why not", async () => {
  const store = new Store();
  const keeping = new Keeping(store, "ada", "tea");
  let number = 0;
  let answer = { code: "cut" };
  const sent = [];
  const later = [];
  const made = () =>
    new Outbox(keeping, async (entry) => {
      const refusal = answer;
      sent.push(entry.text);
      if (refusal !== null) throw refusal;
    }, { later: (act, delayMs) => later.push({ act, delayMs }), random: () => 1 }, () => `id${(number += 1)}`);
  const first = made();
  first.add(draft("one"), 1);
  first.add(draft("two"), 2);
  first.flush();
  await settle();
  assert.deepEqual(sent, ["one"], "a line that is cut is not tried again at once");

  const second = made();
  assert.deepEqual(second.entries.value.map((one) => one.text), ["one", "two"]);
  answer = { code: "slow_mode", retryAfterSeconds: 30 };
  second.flush();
  await settle();
  assert.equal(later.at(-1).delayMs, 30_000);
  answer = null;
  later.at(-1).act();
  await settle();
  assert.deepEqual(sent, ["one", "one", "one", "two"]);
  assert.equal(keeping.entries().length, 0, "the server has them");
  assert.deepEqual(second.entries.value.map((one) => one.state), ["sent", "sent"], "shown until they come back");

  answer = { code: "room_read_only" };
  const { clientId } = second.add(draft("three"), 3);
  second.flush();
  await settle();
  assert.equal(second.entries.value.at(-1).trouble, "room_read_only");
  answer = null;
  second.retry(clientId);
  await settle();
  second.drop(clientId);
  assert.equal(sent.at(-1), "three");
});

test("drafts are of one person and one room, and go when they sign out", () => {
  const store = new Store();
  new Keeping(store, "ada", "tea").keepDraft({ text: "half a th", replyTo: null });
  assert.equal(new Keeping(store, "ada", "tea").draft().text, "half a th");
  assert.equal(new Keeping(store, "ada", "tea2").draft().text, "");
  assert.equal(new Keeping(store, "bob", "tea").draft().text, "");
  forget(store, "bob");
  assert.equal(store.size, 1);
  forget(store, "ada");
  assert.equal(store.size, 0);
});

test("the list of conversations follows what is told of rooms and of people", async () => {
  const talk = (room, partner) => ({ room, partner, partner_status: partner && "offline", read: 0, unread: 0, mentions: 0 });
  const inbox = new Inbox(async () => ({ conversations: [talk("tea", null), talk("pair", "bob")], next: null }), { later() {}, forget() {} });
  await inbox.look();
  inbox.hear({ type: "unread_news", room: "tea", read: 3, unread: 2, mentions: 1 });
  inbox.hear({ type: "presence_news", identity: "bob", status: "online" });
  const [tea, pair] = inbox.talks.value;
  assert.deepEqual([tea.unread, tea.mentions, tea.partner_status], [2, 1, null]);
  assert.deepEqual([pair.unread, pair.partner_status], [0, "online"]);
});
