"""Order in a chat: slow mode, read-only rooms, blocks, reports, holds, forgetting, and exports."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from signaling.app import Candor
from signaling.chat.attachments import Attached, Wish
from signaling.chat.keeping import Keeping
from signaling.errors import Refused
from signaling.store import audit, users
from tests.client import Client, Reply
from tests.signaling.test_chat import MESSAGES, Room, room

__all__ = ["room"]
RULES = "/api/v1/chat/rooms/tea/rules"
EXPORT = "/api/v1/chat/rooms/tea/export"


async def rule(room: Room, name: str = "ada", **rules: Any) -> Reply:
    return await room.people[name].call("PATCH", RULES, rules)


async def actions(candor: Candor) -> list[str]:
    entries = await candor.store.read(lambda c: [entry.act for entry in audit.chain(c)])
    return [act.action for act in entries if act.action.startswith(("chat.", "message."))]


async def operator(room: Room) -> Client:
    """Eve becomes one; her session stays."""
    eve = room.ids["eve"]
    await room.candor.store.write(lambda c: users.change(c, eve, {"role": "operator"}))
    return room.people["eve"]


async def later(room: Room, days: int) -> int:
    """A sweep so many days from now."""
    then = datetime.now(UTC) + timedelta(days=days)
    return await Keeping(room.candor.store, lambda: then, timedelta(days=30)).sweep()


async def test_a_quiet_room_hears_moderators_only_and_a_slow_one_waits(room: Room) -> None:
    assert (await rule(room, "bob", read_only=True)).code == "forbidden"
    assert (await rule(room, read_only=True)).body["read_only"] is True
    assert (await room.post("bob", text="x")).code == "room_read_only"
    await room.say("ada", "welcome")
    await rule(room, read_only=False, slow_mode_s=3600)
    await room.say("bob", "one", client_id="k1")
    second = await room.post("bob", text="two")
    assert (second.status, second.code) == (429, "slow_mode")
    assert 0 < int(second.headers["Retry-After"]) <= 3600
    assert (await room.post("bob", text="one", client_id="k1")).body["again"] is True
    await room.say("cy", "others speak")
    for text in ("moderators", "never wait"):
        await room.say("ada", text)
    assert (await rule(room, slow_mode_s=0)).body["slow_mode_s"] == 0
    await room.say("bob", "two")
    assert await actions(room.candor) == ["chat.rules"] * 3
    assert '"read_only": true' in await room.bodies()


async def test_whom_one_blocks_writes_nothing_to_one(room: Room) -> None:
    await room.say("bob", "hello", user_id=room.ids["ada"])
    path = f"/api/v1/chat/blocks/{room.ids['bob']}"
    assert (await room.people["ada"].call("PUT", path)).status == 204
    assert (await room.post("bob", text="hello?", user_id=room.ids["ada"])).code == "blocked"
    await room.say("bob", "to all")
    listed = (await room.people["ada"].get("/api/v1/chat/conversations")).body["conversations"]
    assert [each["unread"] for each in listed] == [0, 0]
    blocked = (await room.people["ada"].get("/api/v1/chat/blocks")).body["blocked"]
    assert [each["user"] for each in blocked] == [room.ids["bob"]]
    await room.people["ada"].call("DELETE", path)
    await room.say("bob", "sorry", user_id=room.ids["ada"])
    assert (await room.people["bob"].call("PUT", path)).code == "invalid"


async def test_a_report_keeps_what_was_said_until_somebody_decides(room: Room) -> None:
    message = await room.say("bob", "rude words")
    for _ in range(2):
        reported = await room.act("cy", "POST", f"{message['id']}/report", reason="rude")
        assert reported.status == 204
    await room.act("bob", "PATCH", message["id"], text="kind words")
    reports = "/api/v1/chat/reports"
    assert (await room.people["bob"].get(f"{reports}?room_id=tea")).code == "forbidden"
    found = (await room.people["ada"].get(f"{reports}?room_id=tea")).body["reports"]
    assert [(each["text"], each["reported_by"]) for each in found] == [
        ("rude words", room.ids["cy"])
    ]
    path = f"{reports}/{found[0]['id']}"
    assert (await room.people["cy"].call("PUT", path, {"outcome": "upheld"})).code == "forbidden"
    closed = await room.people["ada"].call("PUT", path, {"outcome": "upheld"})
    again = await room.people["ada"].call("PUT", path, {"outcome": "dismissed"})
    assert closed.body["outcome"] == again.body["outcome"] == "upheld"
    assert (await room.people["ada"].get(f"{reports}?room_id=tea")).body["reports"] == []
    await room.act("ada", "DELETE", message["id"])
    assert await actions(room.candor) == ["chat.report", "message.delete"]
    everywhere = await (await operator(room)).get(f"{reports}?closed=true")
    assert len(everywhere.body["reports"]) == 1


async def test_who_upholds_a_report_may_delete_the_message_with_it(room: Room) -> None:
    message = await room.say("bob", "rude words")
    await room.act("cy", "POST", f"{message['id']}/report", reason="rude")
    eve, reports = await operator(room), "/api/v1/chat/reports"
    report = (await eve.get(reports)).body["reports"][0]
    path = f"{reports}/{report['id']}"
    wrong = await eve.call("PUT", path, {"outcome": "dismissed", "delete": True})
    assert wrong.code == "invalid"
    closed = await eve.call("PUT", path, {"outcome": "upheld", "delete": True})
    assert (closed.body["outcome"], closed.body["text"]) == ("upheld", "rude words")
    gone = await room.people["cy"].get(f"/api/v1/chat/messages/{message['id']}")
    assert (gone.body["text"], gone.body["deleted_at"] is None) == ("", False)
    assert await actions(room.candor) == ["chat.report", "message.delete"]


async def test_a_report_is_kept_for_a_time_after_its_decision(room: Room) -> None:
    said = [await room.say("bob", text) for text in ("rude", "ruder")]
    for message in said:
        await room.act("cy", "POST", f"{message['id']}/report", reason="rude")
    reports, eve = "/api/v1/chat/reports", await operator(room)
    undecided, decided = (await eve.get(reports)).body["reports"]
    await eve.call("PUT", f"{reports}/{decided['id']}", {"outcome": "upheld"})

    async def left() -> list[str]:
        found = [(await eve.get(f"{reports}?closed={each}")).body for each in ("true", "false")]
        return [each["text"] for page in found for each in page["reports"]]

    await later(room, 29)
    assert await left() == ["rude", "ruder"]
    hold = "/api/v1/chat/rooms/tea/hold"
    await eve.call("PUT", hold, {"on": True})
    await later(room, 31)
    assert await left() == ["rude", "ruder"]
    await eve.call("PUT", hold, {"on": False})
    await later(room, 31)
    assert await left() == [undecided["text"]] == ["ruder"]


async def test_old_messages_are_forgotten_and_leave_no_gap(room: Room) -> None:
    first = await room.say("ada", "old secret")
    await rule(room, keep_days=30)
    assert await later(room, 29) == 0
    assert await later(room, 31) == 1
    assert "secret" not in await room.bodies()
    assert await room.page("bob") == []
    assert (await room.act("bob", "GET", first["id"])).code == "not_found"
    assert (await room.people["bob"].get("/api/v1/chat/search?q=secret")).body["hits"] == []
    again = await room.say("ada", "new")
    assert again["sequence"] == first["sequence"] + 2


async def test_under_hold_nothing_is_forgotten_and_only_operators_see_it(room: Room) -> None:
    hold = "/api/v1/chat/rooms/tea/hold"
    assert (await room.people["ada"].call("PUT", hold, {"on": True})).code == "forbidden"
    eve = await operator(room)
    await rule(room, keep_days=1)
    assert (await eve.call("PUT", hold, {"on": True})).status == 204
    message = await room.say("bob", "evidence")
    await room.act("bob", "PATCH", message["id"], text="changed")
    await room.act("bob", "DELETE", message["id"])
    assert await later(room, 400) == 0
    assert "evidence" not in json.dumps([*await room.page("ada"), await room.bodies()])
    assert (await room.people["ada"].get(RULES)).body["held"] is None
    assert (await room.people["ada"].get(f"{EXPORT}?held=true")).code == "forbidden"
    kept = (await eve.get(f"{EXPORT}?held=true")).body["messages"][-1]
    assert [each["text"] for each in kept["edits"]] == ["evidence", "changed"]
    await eve.call("PUT", hold, {"on": False})
    assert await later(room, 0) == 1
    assert (await eve.get(f"{EXPORT}?held=true")).code == "not_found"
    await eve.call("PUT", hold, {"on": True})
    assert "edits" not in (await eve.get(f"{EXPORT}?held=true")).body["messages"][-1]


NASTY = '<img src=x onerror=alert(1)>"</p><script>alert(2)</script> javascript:alert(3) =cmd()'


async def test_an_export_is_whole_and_does_nothing(room: Room) -> None:
    await room.people["ada"].call("PATCH", "/api/v1/me", {"nickname": "<b>Ada</b>"})
    message = await room.say("ada", NASTY)
    await room.act("ada", "PATCH", message["id"], text=NASTY + "!")
    await room.act("bob", "PUT", f"{message['id']}/reaction", emoji="👍")
    gone = await room.say("bob", "taken back")
    await room.act("bob", "DELETE", gone["id"])
    as_json = (await room.people["cy"].get(EXPORT)).body
    assert as_json["complete"] is True
    assert as_json["messages"][0]["text"] == NASTY + "!"
    assert as_json["messages"][0]["edits"][0]["text"] == NASTY
    reply = await room.people["cy"].get(f"{EXPORT}?format=html")
    page = reply.body.decode()
    assert "attachment" in reply.headers["Content-Disposition"]
    assert "sandbox" in reply.headers["Content-Security-Policy"]
    assert "&lt;img src=x" in page
    assert "taken back" not in page
    for harmful in ("<img", "<script", "<a ", "href", "src=", "onerror=alert(1)>", "<b>Ada"):
        assert harmful not in page.replace("src=x onerror=alert(1)&gt;", ""), harmful
    empty = await room.people["cy"].get(f"{EXPORT}?until=2001-01-01T00:00:00Z")
    assert empty.body["messages"] == []
    assert (await room.people["eve"].get(EXPORT)).code == "not_found"
    assert await actions(room.candor) == ["chat.export"] * 3


class Shelf:
    """Files of ada's in `tea`, by their identifiers."""

    def __init__(self) -> None:
        self.wishes: list[Wish] = []

    def attach(self, _: object, wish: Wish) -> Attached:
        self.wishes.append(wish)
        if wish.file_id != "f1":
            raise Refused("not_found")
        return Attached("f2" if wish.from_room else "f1", {"name": "plan.pdf", "size": 9})


async def test_files_are_shown_passed_on_and_forgotten_before_their_words(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf()
    monkeypatch.setattr(room.candor.chat.posting, "_attachments", shelf)
    message = await room.say("ada", "the plan", kind="file", file="f1")
    assert message["file"] == {"name": "plan.pdf", "size": 9}
    assert (await room.post("ada", kind="file", file="f9")).code == "not_found"
    found = (await room.people["bob"].get("/api/v1/chat/search?q=pdf")).body["hits"]
    assert [each["snippet"] for each in found] == ["the plan plan.pdf"]
    await room.people["bob"].post("/api/v1/rooms", {"id": "cake"})
    await room.act("bob", "POST", f"{message['id']}/forward", room_id="cake")
    owner, place = room.ids["bob"], "cake"
    assert shelf.wishes[-1] == Wish(owner, place, "f1", "file", from_room="tea")
    await rule(room, keep_files_days=1)
    assert await later(room, 2) == 1
    shown = (await room.page("bob"))[-1]
    assert (shown["text"], shown["file"]) == ("the plan", {"gone": True})
    assert "pdf" not in await room.bodies()
    assert (await room.people["bob"].get(f"{MESSAGES}?room_id=cake")).body["messages"][0]["file"]
