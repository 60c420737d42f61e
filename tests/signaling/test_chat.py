"""Chat end to end over HTTP and sockets: posted once, in one order, read, changed, looked up."""

import asyncio
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from signaling.app import Candor
from signaling.store import events
from tests.client import Client, Reply
from tests.pictures import png
from tests.signaling.test_websocket import signed_in

MESSAGES = "/api/v1/chat/messages"


@dataclass
class Room:
    """The room `tea`: ada owns it, bob and cy are members, eve does not belong to it."""

    candor: Candor
    people: dict[str, Client] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    async def say(self, name: str, text: str, **more: Any) -> dict[str, Any]:
        reply = await self.post(name, text=text, **more)
        assert reply.status in (200, 201), reply
        message: dict[str, Any] = reply.body["message"]
        return message

    async def post(self, name: str, **body: Any) -> Reply:
        given = {} if "user_id" in body else {"room_id": "tea"}
        return await self.people[name].post(MESSAGES, given | body)

    async def page(self, name: str, query: str = "") -> list[dict[str, Any]]:
        reply = await self.people[name].get(f"/api/v1/chat/rooms/tea/messages?{query}")
        assert reply.status == 200, reply
        found: list[dict[str, Any]] = reply.body["messages"]
        return found

    async def act(self, name: str, method: str, path: str, **body: Any) -> Reply:
        return await self.people[name].call(method, f"{MESSAGES}/{path}", body)

    async def bodies(self) -> str:
        """Everything that the room's stream tells."""
        found = await self.candor.store.read(lambda c: events.after(c, "tea", 0, 10_000))
        return json.dumps([dict(each.body) for each in found], ensure_ascii=False)


@pytest.fixture
async def room(client: Client, candor: Candor) -> Room:
    made = Room(candor)
    for name in ("ada", "bob", "cy", "eve"):
        made.people[name] = await client.register(name)
        made.ids[name] = (await made.people[name].get("/api/v1/me")).body["id"]
    await made.people["ada"].post("/api/v1/rooms", {"id": "tea"})
    for name in ("bob", "cy"):
        code = (await made.people["ada"].post("/api/v1/rooms/tea/invitations")).body["code"]
        await made.people[name].post(f"/api/v1/invitations/{code}/accept")
    return made


# --- saying something ---


async def test_a_retry_gets_the_first_result_and_another_content_is_refused(room: Room) -> None:
    first = await room.post("ada", text="hello", client_id="k1")
    again = await room.post("ada", text="hello", client_id="k1")
    other = await room.post("ada", text="goodbye", client_id="k1")
    assert (first.status, first.body["again"]) == (201, False)
    assert (again.status, again.body["again"]) == (201, True)
    assert again.body["message"] == first.body["message"]
    assert (other.status, other.code) == (409, "message_differs")
    assert [each["text"] for each in await room.page("bob")] == ["hello"]


async def test_the_same_client_id_of_two_people_makes_two_messages(room: Room) -> None:
    for name in ("ada", "bob"):
        await room.say(name, "hi", client_id="same")
    assert len(await room.page("cy")) == 2


async def test_a_retry_is_known_after_the_message_was_edited(room: Room) -> None:
    message = await room.say("ada", "hello", client_id="k1")
    await room.act("ada", "PATCH", message["id"], text="hello!")
    again = await room.post("ada", text="hello", client_id="k1")
    assert (again.body["again"], again.body["message"]["text"]) == (True, "hello!")


async def test_two_who_talk_at_once_are_read_in_one_order_without_holes(room: Room) -> None:
    async def talk(name: str) -> None:
        for number in range(40):
            await room.say(name, f"{name} {number}", client_id=f"{number}")

    async with (
        signed_in(room.people["cy"]) as one,
        signed_in(room.people["ada"]) as other,
    ):
        entered = [await each.ask("enter", room="tea") for each in (one, other)]
        await asyncio.gather(talk("ada"), talk("bob"))
        begin = max(each["sequence"] for each in entered)
        heard = [await _posted(each, begin, 80) for each in (one, other)]
    assert heard[0] == heard[1] == await _kept(room, begin)
    sequences = [sequence for sequence, _ in heard[0]]
    assert sequences == list(range(sequences[0], sequences[0] + 80))


async def _posted(caller: Any, begin: int, count: int) -> list[tuple[int, str]]:
    found: dict[int, str] = {}
    while len(found) < count:
        event = await caller.told(type="event", kind="message.posted")
        assert event["sequence"] not in found
        found[event["sequence"]] = event["body"]["text"]
    return list(found.items())


async def _kept(room: Room, begin: int) -> list[tuple[int, str]]:
    found = await room.page("cy", f"after={begin}&limit=200")
    return [(each["sequence"], each["text"]) for each in found]


HARD = {
    "marks": "e" + "\u0301" * 8000,
    "joined": "👩‍👩‍👧‍👦" * 600,
    "direction": "abc\u202edef\u2066x",
    "lines": " \n\tindented\r\n ",
    "markup": "<img src=x onerror=alert(1)> =cmd()|' /C calc'!A0",
}


async def test_text_is_kept_exactly(room: Room) -> None:
    for name, text in HARD.items():
        assert (await room.say("ada", text))["text"] == text, name
    assert [each["text"] for each in await room.page("bob")] == list(HARD.values())


REFUSED = {
    "64 KB of marks": ({"text": "e" + "\u0301" * 9000}, "message_too_long"),
    "4,001 letters": ({"text": "a" * 4001}, "message_too_long"),
    "4,001 joined people": ({"text": "👨‍👩" * 1500}, "message_too_long"),
    "nothing": ({"text": " \n"}, "invalid"),
    "NUL": ({"text": "a\0b"}, "invalid"),
    "a picture without a file": ({"kind": "image", "text": "x"}, "invalid"),
    "a text with a file": ({"text": "x", "file": "0"}, "invalid"),
    "a file that is not there": ({"kind": "image", "file": "0"}, "not_found"),
    "a sticker of nobody's": ({"kind": "sticker", "text": "dragon"}, "invalid"),
    "a novel in emoji": ({"kind": "emoji", "text": "😀" * 13}, "invalid"),
    "a reply to nothing": ({"text": "x", "reply_to": "0"}, "not_found"),
    "a call of a stranger": ({"text": "x", "mentions": ["0"]}, "not_found"),
    "an unknown kind": ({"kind": "spell", "text": "x"}, "invalid"),
}


async def test_what_cannot_be_said_is_refused_and_takes_no_number(room: Room) -> None:
    before = await room.candor.streams.last_sequence("tea")
    for name, (body, code) in REFUSED.items():
        assert (await room.post("ada", **body)).code == code, name
    assert await room.candor.streams.last_sequence("tea") == before


async def test_a_stranger_reads_and_writes_nothing(room: Room) -> None:
    message = await room.say("ada", "secret")
    assert (await room.post("eve", text="x")).code == "not_found"
    for method, path, body in (
        ("GET", "", {}),
        ("GET", "/edits", {}),
        ("GET", "/readers", {}),
        ("PATCH", "", {"text": "x"}),
        ("DELETE", "", {}),
        ("PUT", "/read", {}),
        ("PUT", "/reaction", {"emoji": "👍"}),
        ("PUT", "/pin", {}),
    ):
        reply = await room.act("eve", method, message["id"] + path, **body)
        assert (reply.status, reply.code) == (404, "not_found"), (method, path)


async def test_two_people_talk_in_a_room_of_their_own(room: Room) -> None:
    first = await room.say("ada", "psst", user_id=room.ids["eve"])
    second = await room.say("eve", "yes?", user_id=room.ids["ada"])
    assert first["room"] == second["room"] != "tea"
    reply = await room.people["ada"].get(f"{MESSAGES}?user_id={room.ids['eve']}")
    assert [each["text"] for each in reply.body["messages"]] == ["psst", "yes?"]
    empty = await room.people["ada"].get(f"{MESSAGES}?user_id={room.ids['bob']}")
    assert empty.body == {"messages": [], "more": False}
    assert (await room.post("ada", text="me", user_id=room.ids["ada"])).code == "invalid"


async def test_the_older_addresses_do_the_same(room: Room) -> None:
    bob, old = room.people["bob"], "/tools/api/chat/tea"
    sent = await bob.post(f"{old}/send/", {"content": "hello", "message_type": "text"})
    number = sent.body["message"]["id"]
    for reply in (await bob.get(f"{old}/messages/"), await bob.post(f"{old}/messages/")):
        assert [each["text"] for each in reply.body["messages"]] == ["hello"]
    read = await room.people["cy"].post(f"{old}/mark_read/")
    assert read.body["unread"] == 0
    assert (await bob.post(f"{old}/delete-message/{number}/")).body["deleted_by"]
    assert (await bob.post(f"{old}/delete-message/{number}/")).code == "message_gone"
    assert (await bob.post(f"/tools/api/chat/cake/delete-message/{number}/")).code == "not_found"


# --- order and absence ---


async def test_a_clock_that_goes_back_changes_no_order(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    for hours, text in ((0, "first"), (-1, "second"), (1, "third")):
        moment = now + timedelta(hours=hours)
        monkeypatch.setattr(room.candor.streams, "_now", lambda moment=moment: moment)
        await room.say("ada", text)
    assert [each["text"] for each in await room.page("bob")] == ["first", "second", "third"]


async def test_whoever_was_away_gets_all_of_it_once_and_in_order_edits_included(
    room: Room,
) -> None:
    async with signed_in(room.people["bob"]) as bob:
        seen = (await bob.ask("enter", room="tea"))["sequence"]
    message = await room.say("ada", "frist")
    await asyncio.gather(*(room.say("ada", f"{number}") for number in range(60)))
    await room.act("ada", "PATCH", message["id"], text="first")
    await room.act("ada", "DELETE", (await room.page("cy"))[-1]["id"])
    async with signed_in(room.people["bob"]) as bob:
        await bob.ask("enter", room="tea", after=seen)
        last = await room.candor.streams.last_sequence("tea")
        heard = [await bob.told(type="event") for _ in range(last - seen)]
    assert [each["sequence"] for each in heard] == list(range(seen + 1, last + 1))
    said = [each for each in heard if each["kind"] == "message.posted"]
    assert len(said) == 61
    assert [each["body"].get("gone") for each in said].count(True) == 1
    edited = next(each for each in heard if each["kind"] == "message.edited")
    assert edited["body"]["text"] == "first"


# --- reading ---


async def test_positions_rise_only_and_stay_within_what_there_is(room: Room) -> None:
    for number in range(3):
        last = await room.say("ada", str(number))
    read = "/api/v1/chat/rooms/tea/read"
    bob = room.people["bob"]
    assert (await bob.call("PUT", read, {"sequence": 2**53})).body["read"] == last["sequence"]
    assert (await bob.call("PUT", read, {"sequence": 1})).body["read"] == last["sequence"]
    await room.say("ada", "later")
    shown = (await bob.get("/api/v1/chat/conversations")).body["conversations"][0]
    assert (shown["unread"], shown["read"]) == (1, last["sequence"])


async def test_who_read_what_when_is_told_and_kept(room: Room) -> None:
    message = await room.say("ada", "read me")
    async with signed_in(room.people["ada"]) as ada, signed_in(room.people["bob"]) as bob:
        await ada.ask("enter", room="tea")
        done = await bob.ask("mark_message_read", room="tea", sequence=message["sequence"])
        assert done["type"] == "ack", done
        receipt = await ada.told(type="receipt")
        # His other devices, wherever they are, hear what is left.
        news = await bob.told(type="unread_news", unread=0)
    assert (receipt["identity"], receipt["read"]) == (room.ids["bob"], message["sequence"])
    assert news["read"] == message["sequence"]
    await room.say("ada", "and me")
    await room.act("cy", "PUT", f"{message['id']}/read")
    readers = (await room.act("ada", "GET", f"{message['id']}/readers")).body["readers"]
    assert [each["user"] for each in readers] == [room.ids["bob"], room.ids["cy"]]
    assert readers[0]["read_at"] == receipt["read_at"]
    assert [each["read_by"] for each in await room.page("ada")] == [2, 0]
    positions = (await room.people["ada"].get("/api/v1/chat/rooms/tea/positions")).body
    assert {each["user"]: each["read"] for each in positions["positions"]}[
        room.ids["cy"]
    ] == message["sequence"]


async def test_devices_elsewhere_hear_what_is_unread(room: Room) -> None:
    async with signed_in(room.people["bob"]) as bob:
        for number in range(3):
            await room.say("ada", str(number), mentions=[room.ids["bob"]] if number else [])
        news = await bob.told(type="unread_news", unread=3)
        assert (news["room"], news["mentions"]) == ("tea", 2)


async def test_conversations_show_the_newest_first_with_what_is_unread(room: Room) -> None:
    await room.say("ada", "to all")
    await room.say("bob", "to you", user_id=room.ids["ada"])
    await room.people["ada"].post("/api/v1/rooms", {"id": "empty"})
    listed = (await room.people["ada"].get("/api/v1/chat/conversations")).body["conversations"]
    assert [each["room"] for each in listed][:1] == ["empty"]
    direct = listed[1]
    assert (direct["partner_name"], direct["unread"], direct["last"]["text"]) == (
        "bob",
        1,
        "to you",
    )
    assert (direct["partner_status"], direct["partner_avatar"]) == ("offline", None)
    assert (listed[2]["room"], listed[2]["unread"], listed[2]["partner"]) == ("tea", 0, None)
    assert listed[2]["partner_status"] is None
    bob = room.people["bob"]
    await bob.call("PUT", "/api/v1/me/presence", {"status": "busy"})
    picture = {"Content-Type": "image/png"}
    avatar = await bob.call("PUT", "/api/v1/me/avatar", png(20, 20), headers=picture)
    page = (await room.people["ada"].get("/api/v1/chat/conversations?limit=2")).body
    direct = page["conversations"][1]
    assert (direct["partner_status"], direct["partner_avatar"]) == ("busy", avatar.body["avatar"])
    rest = await room.people["ada"].get(f"/api/v1/chat/conversations?cursor={page['next']}")
    assert [each["room"] for each in page["conversations"] + rest.body["conversations"]] == [
        each["room"] for each in listed
    ]


async def test_what_was_said_before_somebody_came_is_not_unread(room: Room) -> None:
    await room.say("ada", "old")
    code = (await room.people["ada"].post("/api/v1/rooms/tea/invitations")).body["code"]
    await room.people["eve"].post(f"/api/v1/invitations/{code}/accept")
    await room.say("ada", "new")
    shown = (await room.people["eve"].get("/api/v1/chat/conversations")).body["conversations"]
    assert [each["unread"] for each in shown] == [1]
    assert len(await room.page("eve")) == 2


# --- history ---


async def test_pages_go_before_after_and_around(room: Room) -> None:
    said = [(await room.say("ada", str(number)))["sequence"] for number in range(10)]
    first = said[0]
    wanted = {
        "limit=3": [7, 8, 9],
        "limit=3&page=2": [4, 5, 6],
        f"limit=3&before={first + 5}": [2, 3, 4],
        f"limit=3&after={first + 5}": [6, 7, 8],
        f"limit=4&around={first + 5}": [3, 4, 5, 6],
        f"sender={room.ids['bob']}": [],
        "kind=text&limit=1": [9],
        "since=2001-01-01T00:00:00Z&limit=2": [8, 9],
        "until=2001-01-01T00:00:00Z": [],
    }
    for query, texts in wanted.items():
        found = await room.page("bob", query)
        assert [int(each["text"]) for each in found] == texts, query
    both = await room.people["bob"].get(f"{MESSAGES}?before=3&after=1&room_id=tea")
    assert both.code == "invalid"


# --- what becomes of a message ---


async def test_edits_are_shown_with_what_was_there_before(room: Room) -> None:
    message = await room.say("ada", "one")
    for text in ("two", "two", "three"):
        assert (await room.act("ada", "PATCH", message["id"], text=text)).status == 200
    edits = (await room.act("bob", "GET", f"{message['id']}/edits")).body["edits"]
    assert [each["text"] for each in edits] == ["one", "two"]
    assert (await room.act("bob", "PATCH", message["id"], text="x")).code == "forbidden"
    assert (await room.page("bob"))[-1]["text"] == "three"


async def test_what_is_deleted_is_gone_from_everywhere_but_its_place(room: Room) -> None:
    message = await room.say("ada", "a secret")
    await room.act("ada", "PATCH", message["id"], text="a worse secret")
    await room.act("bob", "PUT", f"{message['id']}/reaction", emoji="👍")
    assert (await room.act("bob", "DELETE", message["id"])).code == "forbidden"
    gone = (await room.act("ada", "DELETE", message["id"])).body
    assert (gone["text"], gone["reactions"], gone["sequence"]) == ("", [], message["sequence"])
    assert "secret" not in await room.bodies()
    for method, path, body in (
        ("PATCH", "", {"text": "x"}),
        ("DELETE", "", {}),
        ("PUT", "/reaction", {"emoji": "👍"}),
        ("PUT", "/pin", {}),
        ("GET", "/edits", {}),
        ("POST", "/forward", {"room_id": "tea"}),
    ):
        reply = await room.act("ada", method, message["id"] + path, **body)
        assert (reply.status, reply.code) == (409, "message_gone"), path
    assert (await room.post("ada", text="x", reply_to=message["id"])).code == "message_gone"


async def test_a_moderator_deletes_what_others_said(room: Room) -> None:
    message = await room.say("bob", "rude")
    gone = (await room.act("ada", "DELETE", message["id"])).body
    assert gone["deleted_by"] == room.ids["ada"]


async def test_reactions_count_once_for_each(room: Room) -> None:
    message = await room.say("ada", "vote")
    for name in ("bob", "bob", "cy"):
        await room.act(name, "PUT", f"{message['id']}/reaction", emoji="👍🏽")
    shown = (await room.act("cy", "PUT", f"{message['id']}/reaction", emoji="❤️")).body
    assert shown["reactions"] == [
        {"emoji": "👍🏽", "users": [room.ids["bob"], room.ids["cy"]]},
        {"emoji": "❤️", "users": [room.ids["cy"]]},
    ]
    back = await room.act("bob", "PUT", f"{message['id']}/reaction", emoji="👍🏽", on=False)
    assert back.body["reactions"][0]["users"] == [room.ids["cy"]]
    for emoji in ("ab", "a", "<b>", " "):
        refused = await room.act("bob", "PUT", f"{message['id']}/reaction", emoji=emoji)
        assert refused.code == "invalid", emoji


async def test_pins_are_for_moderators_and_rooms_of_two(room: Room) -> None:
    message = await room.say("bob", "the rules")
    assert (await room.act("bob", "PUT", f"{message['id']}/pin")).code == "forbidden"
    await room.act("ada", "PUT", f"{message['id']}/pin")
    pins = (await room.people["bob"].get("/api/v1/chat/rooms/tea/pins")).body["messages"]
    assert [each["text"] for each in pins] == ["the rules"]
    await room.act("ada", "DELETE", f"{message['id']}/pin")
    assert (await room.people["bob"].get("/api/v1/chat/rooms/tea/pins")).body["messages"] == []
    direct = await room.say("bob", "ours", user_id=room.ids["eve"])
    assert (await room.act("eve", "PUT", f"{direct['id']}/pin")).body["pinned_by"]


async def test_a_message_is_passed_on_with_the_name_of_who_said_it(room: Room) -> None:
    message = await room.say("bob", "news")
    await room.people["cy"].post("/api/v1/rooms", {"id": "cake"})
    path = f"{message['id']}/forward"
    body = {"room_id": "cake", "client_id": "f1"}
    passed = await room.act("cy", "POST", path, **body)
    assert passed.body["message"]["forwarded_from"] == room.ids["bob"]
    assert (await room.act("cy", "POST", path, **body)).body["again"] is True
    assert (await room.act("bob", "POST", path, **body)).code == "not_found"


# --- over the socket ---


async def test_all_of_it_works_over_one_socket(room: Room) -> None:
    async with signed_in(room.people["ada"]) as ada, signed_in(room.people["bob"]) as bob:
        for caller in (ada, bob):
            await caller.ask("enter", room="tea")
        said = await ada.ask("send_message", client_id="k1", text="over here")
        assert (said["type"], said["again"]) == ("posted", False)
        again = await ada.ask("send_message", client_id="k1", text="over here")
        assert (again["message"], again["again"]) == (said["message"], True)
        heard = await bob.told(type="event", kind="message.posted")
        assert (heard["sequence"], heard["actor"]) == (said["sequence"], room.ids["ada"])
        message = said["message"]
        for type_, content, kind in (
            ("edit_message", {"text": "there"}, "message.edited"),
            ("react_to_message", {"emoji": "🎉"}, "message.reacted"),
            ("pin_message", {}, "message.pinned"),
            ("delete_message", {}, "message.deleted"),
        ):
            done = await ada.ask(type_, message=message, **content)
            event = await bob.told(type="event", kind=kind)
            assert event["sequence"] == done["sequence"], type_
        late = await ada.ask("edit_message", message=message, text="x")
        assert late["error"]["code"] == "message_gone"
        assert (await ada.ask("typing"))["type"] == "ack"
        assert (await bob.told(type="typing_news"))["identity"] == room.ids["ada"]
        await bob.ask("mark_message_delivered", sequence=2**53)
        receipt = await ada.told(type="receipt")
        assert (receipt["read"] < receipt["delivered"]) is True
        to = await ada.ask("send_message", client_id="k2", to=room.ids["eve"], text="psst")
        assert to["room"].startswith("direct-")


async def test_a_room_token_chats_only_where_it_may(room: Room, client: Client) -> None:
    for chat, code in ((True, None), (False, "forbidden")):
        body = {"grants": {"subscribe": True, "chat": chat}}
        token = (await room.people["bob"].post("/api/v1/rooms/tea/tokens", body)).body["token"]
        reply = await client.as_(token).post(MESSAGES, {"room_id": "tea", "text": "by token"})
        assert reply.code == code
    other = await client.as_(token).post(MESSAGES, {"room_id": "cake", "text": "x"})
    assert other.code == "not_found"


# --- search ---


async def test_search_finds_words_of_any_script_in_ones_own_rooms(room: Room) -> None:
    await room.say("ada", "明天在会议室见")
    edited = await room.say("bob", "the meating", mentions=[])
    await room.act("bob", "PATCH", edited["id"], text="The Meeting is at eight")
    gone = await room.say("cy", "a meeting that is off")
    await room.act("cy", "DELETE", gone["id"])
    await room.say("eve", "another meeting, 会议", user_id=room.ids["cy"])
    wanted = {
        ("bob", "q=会议"): ["明天在会议室见"],
        ("bob", "q=议会"): [],
        ("bob", "q=meet"): ["The Meeting is at eight"],
        ("bob", "q=eight meeting"): ["The Meeting is at eight"],
        ("bob", f"q=meeting&sender={room.ids['ada']}"): [],
        ("bob", "q=meeting&kind=image"): [],
        ("bob", "q=meeting&until=2001-01-01T00:00:00Z"): [],
        ("bob", "q=meating"): [],
        ("cy", "q=meeting"): ["another meeting, 会议", "The Meeting is at eight"],
        ("cy", "q=meeting&room_id=tea"): ["The Meeting is at eight"],
        ("eve", "q=meeting"): ["another meeting, 会议"],
        ("bob", 'q=" OR message_index MATCH "x'): [],
    }
    for (name, query), texts in wanted.items():
        reply = await room.people[name].get(f"/api/v1/chat/search?{query}")
        assert [each["snippet"] for each in reply.body["hits"]] == texts, (name, query)
    first = await room.people["cy"].get("/api/v1/chat/search?q=meeting&limit=1")
    path = f"/api/v1/chat/search?q=meeting&limit=1&cursor={first.body['next']}"
    second = (await room.people["cy"].get(path)).body
    assert second["hits"][0]["message"]["id"] == edited["id"]
    assert second["next"] is None
    assert (await room.people["bob"].get("/api/v1/chat/search?q=!!")).code == "invalid"
    stranger = await room.people["eve"].get("/api/v1/chat/search?q=x&room_id=tea")
    assert stranger.code == "not_found"
