"""Rooms with a door: locked, with a waiting room, full; and people who must go or be quiet."""

import asyncio
import contextlib
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from sfu import NoSuchSession, NoWorker, Session, Sfu
from signaling.app import Candor
from signaling.errors import Unavailable
from signaling.media import Media, Participant
from signaling.moderation import Moderation
from signaling.risk.looking import Looking
from signaling.store import audit, events
from tests.client import PASSWORD, Client, Reply

ROOM = "/api/v1/rooms/tea"


@dataclass
class Cast:
    """The room `tea`: olga owns it, mo moderates it, ann and bob are members."""

    candor: Candor
    client: Client
    people: dict[str, Client] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    async def add(self, *names: str) -> None:
        for name in names:
            await self.remember(name, await self.client.register(name))

    async def remember(self, name: str, client: Client) -> None:
        self.people[name] = client
        self.ids[name] = (await client.get("/api/v1/me")).body["id"]

    async def code(self, **more: Any) -> str:
        reply = await self.people["olga"].post(f"{ROOM}/invitations", {"uses": 50} | more)
        assert reply.status == 201, reply
        code: str = reply.body["code"]
        return code

    async def come(self, name: str, code: str | None = None) -> Reply:
        code = code or await self.code()
        return await self.people[name].post(f"/api/v1/invitations/{code}/accept")

    async def guest(self, name: str, code: str | None = None) -> Reply:
        body = {"name": name, "invitation": code or await self.code()}
        reply = await self.client.post("/api/v1/auth/guest", body)
        if reply.status == 201:
            await self.remember(name, self.client.as_(reply.body["access_token"]))
        return reply

    async def put(self, name: str, path: str, **body: Any) -> Reply:
        return await self.people[name].call("PUT", ROOM + path, body)

    async def post(self, name: str, path: str) -> Reply:
        return await self.people[name].post(ROOM + path)

    async def delete(self, name: str, path: str) -> Reply:
        return await self.people[name].call("DELETE", ROOM + path)

    async def roles(self) -> dict[str, str]:
        names = {user: name for name, user in self.ids.items()}
        members = (await self.people["olga"].get(f"{ROOM}/members")).body["members"]
        return {names[each["user"]]: each["role"] for each in members}

    async def story(self, *, since: int = 0) -> list[tuple[str, str]]:
        """(kind, about whom) of the room's events."""
        names = {user: name for name, user in self.ids.items()}
        found = await self.candor.store.read(lambda c: events.after(c, "tea", since, 1000))
        return [(event.kind, names.get(event.body.get("user", ""), "")) for event in found]

    async def now_at(self) -> int:
        return await self.candor.streams.last_sequence("tea")

    async def audited(self) -> list[str]:
        entries = await self.candor.store.read(lambda c: [entry.act for entry in audit.chain(c)])
        return [act.action for act in entries if act.subject == "tea"]


@pytest.fixture
async def cast_(client: Client, candor: Candor) -> Cast:
    cast_ = Cast(candor, client)
    await cast_.add("olga", "mo", "ann", "bob", "eve")
    await cast_.people["olga"].post("/api/v1/rooms", {"id": "tea", "capacity": 6})
    for name in ("mo", "ann", "bob"):
        assert (await cast_.come(name)).status == 200
    made = await cast_.put("olga", f"/members/{cast_.ids['mo']}/role", role="moderator")
    assert made.status == 204, made
    return cast_


# --- roles ---


async def test_members_see_each_other_and_their_roles(cast_: Cast) -> None:
    assert await cast_.roles() == {
        "olga": "owner",
        "mo": "moderator",
        "ann": "member",
        "bob": "member",
    }
    assert (await cast_.people["ann"].get(f"{ROOM}/members")).status == 200
    assert (await cast_.people["eve"].get(f"{ROOM}/members")).status == 404
    old = await cast_.people["ann"].get("/tools/api/chat/tea/participants/")
    assert len(old.body["members"]) == 4


async def test_only_the_owner_makes_moderators_and_unmakes_them(cast_: Cast) -> None:
    role = f"/members/{cast_.ids['ann']}/role"
    assert (await cast_.put("mo", role, role="moderator")).code == "forbidden"
    assert (await cast_.put("olga", role, role="moderator")).status == 204
    grants = (await cast_.people["ann"].get(f"{ROOM}/grants")).body["grants"]
    assert grants["moderate"] is True
    assert (await cast_.put("olga", role, role="member")).status == 204
    assert (await cast_.put("olga", role, role="owner")).code == "invalid"
    assert (await cast_.roles())["ann"] == "member"
    assert (await cast_.story())[-2:] == [("member.role", "ann")] * 2


async def test_a_room_is_handed_over_and_has_one_owner(cast_: Cast) -> None:
    assert (await cast_.delete("olga", "/membership")).code == "owner_stays"
    assert (await cast_.put("mo", "/owner", user=cast_.ids["mo"])).code == "forbidden"
    assert (await cast_.put("olga", "/owner", user=cast_.ids["eve"])).code == "not_found"
    assert (await cast_.put("olga", "/owner", user=cast_.ids["ann"])).status == 204

    roles = await cast_.roles()
    assert (roles["olga"], roles["ann"]) == ("moderator", "owner")
    assert list(roles.values()).count("owner") == 1
    assert (await cast_.delete("olga", "/membership")).status == 204
    assert (await cast_.people["olga"].get(ROOM)).status == 404


async def test_two_hand_overs_at_once_leave_one_owner(cast_: Cast) -> None:
    await asyncio.gather(
        *(cast_.put("olga", "/owner", user=cast_.ids[name]) for name in ("mo", "ann", "bob"))
    )
    assert list((await cast_.roles()).values()).count("owner") == 1


async def test_guests_stay_guests(cast_: Cast) -> None:
    await cast_.guest("Gus")
    role = f"/members/{cast_.ids['Gus']}/role"
    assert (await cast_.put("olga", role, role="moderator")).code == "forbidden"
    assert (await cast_.put("olga", "/owner", user=cast_.ids["Gus"])).code == "forbidden"


# --- the door ---


async def test_a_locked_room_lets_nobody_new_in_and_spends_no_invitation(cast_: Cast) -> None:
    code = await cast_.code(uses=1)
    assert (await cast_.put("mo", "/lock", locked=True)).status == 204

    assert (await cast_.come("eve", code)).code == "room_locked"
    assert (await cast_.guest("Gus", code)).code == "room_locked"
    assert (await cast_.come("ann", code)).body["role"] == "member"
    assert (await cast_.people["ann"].get(ROOM)).body["locked"] is True

    await cast_.put("mo", "/lock", locked=False)
    assert (await cast_.come("eve", code)).status == 200
    kinds = [kind for kind, _ in await cast_.story()]
    assert kinds[-3:] == ["room.locked", "room.unlocked", "member.joined"]


async def test_a_lock_that_is_locked_already_is_no_news(cast_: Cast) -> None:
    await cast_.put("mo", "/lock", locked=True)
    since = await cast_.now_at()
    assert (await cast_.put("mo", "/lock", locked=True)).status == 204
    assert await cast_.story(since=since) == []


async def test_in_front_of_a_waiting_room_people_wait_and_see_nothing(cast_: Cast) -> None:
    await cast_.put("mo", "/waiting-room", on=True)
    came = await cast_.come("eve")
    await cast_.guest("Gus")

    assert came.body["role"] == "waiting"
    assert (await cast_.come("eve")).body["role"] == "waiting"
    for name in ("eve", "Gus"):
        assert (await cast_.people[name].get(f"{ROOM}/knock")).body["state"] == "waiting"
        for path in ("", "/members", "/grants", "/waiting"):
            assert (await cast_.people[name].get(ROOM + path)).status == 404
    waiting = (await cast_.people["mo"].get(f"{ROOM}/waiting")).body["waiting"]
    assert [each["user"] for each in waiting] == [cast_.ids["eve"], cast_.ids["Gus"]]
    assert (await cast_.people["ann"].get(f"{ROOM}/waiting")).code == "forbidden"
    assert (await cast_.story())[-2:] == [("member.waiting", "eve"), ("member.waiting", "Gus")]


async def test_who_is_admitted_is_in_and_who_is_denied_is_not_asked_about_again(
    cast_: Cast,
) -> None:
    await cast_.put("mo", "/waiting-room", on=True)
    await cast_.add("fay")
    await cast_.come("eve")
    await cast_.come("fay")
    await cast_.guest("Gus")
    door = "/waiting/{}/{}"

    assert (await cast_.post("ann", door.format(cast_.ids["eve"], "admit"))).code == "forbidden"
    assert (await cast_.post("mo", door.format(cast_.ids["eve"], "admit"))).status == 204
    assert (await cast_.post("mo", door.format(cast_.ids["Gus"], "admit"))).status == 204
    assert (await cast_.post("mo", door.format(cast_.ids["fay"], "deny"))).status == 204
    assert (await cast_.post("mo", door.format(cast_.ids["ann"], "admit"))).code == "not_found"

    roles = await cast_.roles()
    assert (roles["eve"], roles["Gus"]) == ("member", "guest")
    assert "fay" not in roles
    assert (await cast_.people["Gus"].get(f"{ROOM}/grants")).status == 200
    assert (await cast_.people["fay"].get(f"{ROOM}/knock")).body["state"] == "denied"
    assert (await cast_.come("fay")).code == "not_admitted"
    assert (await cast_.people["mo"].get(f"{ROOM}/waiting")).body["waiting"] == []
    # A moderator may think better of it, once there is a place.
    await cast_.delete("bob", "/membership")
    assert (await cast_.post("mo", door.format(cast_.ids["fay"], "admit"))).status == 204
    assert ("member.admitted", "eve") in await cast_.story()


async def test_a_room_with_a_waiting_room_can_be_knocked_at(cast_: Cast) -> None:
    eve = cast_.people["eve"]
    assert (await eve.post(f"{ROOM}/knock")).code == "not_found"
    assert (await eve.get(f"{ROOM}/knock")).code == "not_found"
    await cast_.put("mo", "/waiting-room", on=True)
    assert (await eve.post(f"{ROOM}/knock")).body["state"] == "waiting"
    assert (await eve.call("DELETE", f"{ROOM}/knock")).status == 204
    assert (await cast_.people["mo"].get(f"{ROOM}/waiting")).body["waiting"] == []
    assert (await cast_.people["ann"].post(f"{ROOM}/knock")).body["state"] == "admitted"
    await cast_.put("mo", "/lock", locked=True)
    assert (await eve.post(f"{ROOM}/knock")).code == "room_locked"


async def test_all_who_wait_are_admitted_as_far_as_there_are_places(cast_: Cast) -> None:
    await cast_.put("mo", "/waiting-room", on=True)
    names = ["eve", "fay", "gil"]
    await cast_.add("fay", "gil")
    for name in names:
        await cast_.come(name)
    # Four are in, and there are six places.
    admitted = await cast_.post("mo", "/waiting/admit")

    assert admitted.body["users"] == [cast_.ids[name] for name in names[:2]]
    assert (await cast_.post("mo", "/waiting/admit")).code == "room_full"
    gil = f"/waiting/{cast_.ids['gil']}/admit"
    assert (await cast_.post("mo", gil)).code == "room_full"
    await cast_.delete("eve", "/membership")
    assert (await cast_.post("mo", gil)).status == 204


async def test_the_last_places_are_taken_once_by_members_and_guests_alike(cast_: Cast) -> None:
    code = await cast_.code()
    names = [f"m{number}" for number in range(4)]
    await cast_.add(*names)
    came = await asyncio.gather(
        *(cast_.come(name, code) for name in names),
        *(cast_.guest(f"g{number}", code) for number in range(4)),
    )

    assert sum(reply.status in (200, 201) for reply in came) == 2
    assert {reply.code for reply in came if reply.status >= 400} == {"room_full"}
    assert len(await cast_.roles()) == 6


# --- people who must go ---

RANKS = ["olga", "mo", "ann", "Gus"]


@pytest.mark.parametrize("who", RANKS)
@pytest.mark.parametrize("act", ["remove", "ban", "silence", "wait"])
async def test_nobody_touches_somebody_of_their_own_rank_or_above(
    cast_: Cast, who: str, act: str
) -> None:
    await cast_.guest("Gus")
    for whom in ("olga", "mo", "bob", "Gus"):
        if whom == who:
            continue
        user = cast_.ids[whom]
        reply = {
            "remove": lambda u=user: cast_.delete(who, f"/members/{u}"),
            "ban": lambda u=user: cast_.put(who, f"/bans/{u}"),
            "silence": lambda u=user: cast_.put(who, f"/members/{u}/silence", sources=["camera"]),
            "wait": lambda u=user: cast_.put(who, f"/waiting/{u}"),
        }[act]
        ranks = {"olga": 3, "mo": 2, "ann": 1, "bob": 1, "Gus": 0}
        allowed = ranks[who] >= 2 and ranks[whom] < ranks[who]
        assert (await reply()).status == (204 if allowed else 403), (who, act, whom)


async def test_who_is_sent_away_is_out_of_the_call_and_comes_back_by_invitation(
    cast_: Cast,
) -> None:
    started = (await cast_.people["ann"].post("/api/v1/calls/start", {"room": "tea"})).body
    await cast_.people["bob"].post(f"/api/v1/calls/{started['id']}/join")
    token = (await cast_.people["bob"].post(f"{ROOM}/tokens")).body["token"]
    since = await cast_.now_at()

    assert (await cast_.delete("mo", f"/members/{cast_.ids['bob']}")).status == 204

    assert await cast_.story(since=since) == [("call.left", "bob"), ("member.left", "bob")]
    assert (await cast_.people["bob"].get(ROOM)).status == 404
    assert (await cast_.people["bob"].get(f"/api/v1/calls/{started['id']}")).status == 404
    # Nor does a token that was given out before lead in.
    holder = cast_.client.as_(token)
    assert (await holder.get(f"{ROOM}/grants")).status == 404
    assert (await cast_.come("bob")).status == 200
    assert (await holder.get(f"{ROOM}/grants")).status == 200


async def test_no_invitation_brings_back_who_is_banned(cast_: Cast) -> None:
    code = await cast_.code()
    assert (await cast_.put("mo", f"/bans/{cast_.ids['bob']}")).status == 204
    assert (await cast_.put("mo", f"/bans/{cast_.ids['bob']}")).status == 204
    # Also somebody who was never there.
    assert (await cast_.put("mo", f"/bans/{cast_.ids['eve']}")).status == 204

    for name in ("bob", "eve"):
        for each in (code, await cast_.code()):
            assert (await cast_.come(name, each)).code == "room_banned"
    await cast_.put("mo", "/waiting-room", on=True)
    assert (await cast_.post("bob", "/knock")).code == "room_banned"
    bans = (await cast_.people["mo"].get(f"{ROOM}/bans")).body["bans"]
    assert {each["name"] for each in bans} == {"bob", "eve"}

    await cast_.put("mo", "/waiting-room", on=False)
    assert (await cast_.delete("mo", f"/bans/{cast_.ids['bob']}")).status == 204
    assert (await cast_.delete("mo", f"/bans/{cast_.ids['bob']}")).code == "not_found"
    assert (await cast_.come("bob", code)).status == 200


async def test_a_guest_who_is_sent_away_is_signed_out(cast_: Cast) -> None:
    await cast_.guest("Gus")
    await cast_.delete("mo", f"/members/{cast_.ids['Gus']}")
    assert (await cast_.people["Gus"].get("/api/v1/me")).status == 401


async def test_who_waits_and_is_banned_waits_no_more(cast_: Cast) -> None:
    await cast_.put("mo", "/waiting-room", on=True)
    await cast_.come("eve")
    await cast_.put("mo", f"/bans/{cast_.ids['eve']}")
    assert (await cast_.post("mo", f"/waiting/{cast_.ids['eve']}/admit")).code == "not_found"


async def test_two_people_have_nobody_above_them(cast_: Cast) -> None:
    body = {"user": cast_.ids["bob"]}
    room = (await cast_.people["ann"].post("/api/v1/calls/start", body)).body["room"]
    for method, path in (
        ("DELETE", f"/members/{cast_.ids['bob']}"),
        ("PUT", f"/bans/{cast_.ids['bob']}"),
    ):
        reply = await cast_.people["ann"].call(method, f"/api/v1/rooms/{room}{path}")
        assert reply.code == "forbidden"


async def test_every_act_is_audited(cast_: Cast) -> None:
    bob, eve = cast_.ids["bob"], cast_.ids["eve"]
    await cast_.put("mo", f"/members/{bob}/silence", sources=["microphone"])
    await cast_.put("mo", "/waiting-room", on=True)
    await cast_.come("eve")
    await cast_.post("mo", f"/waiting/{eve}/deny")
    await cast_.post("mo", f"/waiting/{eve}/admit")
    await cast_.put("mo", "/lock", locked=True)
    await cast_.put("mo", "/lock", locked=False)
    await cast_.delete("mo", f"/members/{eve}")
    await cast_.put("mo", f"/bans/{bob}")
    await cast_.delete("mo", f"/bans/{bob}")
    await cast_.delete("ann", "/membership")
    await cast_.put("olga", "/owner", user=cast_.ids["mo"])

    assert set(await cast_.audited()) >= {
        "room.role",
        "room.silence",
        "room.waiting_room",
        "room.deny",
        "room.admit",
        "room.lock",
        "room.unlock",
        "room.remove",
        "room.ban",
        "room.unban",
        "room.leave",
        "room.hand_over",
    }


async def test_what_a_moderator_may_not_do_leaves_no_trace(cast_: Cast) -> None:
    before = await cast_.story(), await cast_.audited()
    await cast_.put("ann", "/lock", locked=True)
    await cast_.delete("mo", f"/members/{cast_.ids['olga']}")
    assert (await cast_.story(), await cast_.audited()) == before


async def test_an_operator_acts_in_any_room_and_on_record(cast_: Cast) -> None:
    await cast_.candor.accounts.create("otto", PASSWORD, "operator")
    session = await cast_.client.login("otto")
    await cast_.remember("otto", cast_.client.as_(session.body["access_token"]))
    owner, ann = cast_.ids["olga"], cast_.ids["ann"]
    quiet = await cast_.put("otto", f"/members/{owner}/silence", sources=["camera"])
    assert quiet.status == 204
    assert (await cast_.delete("otto", f"/members/{ann}")).status == 204
    assert (await cast_.put("otto", f"/waiting/{owner}")).status == 204
    moved = (await cast_.people["otto"].get("/api/v1/operators/waiting")).body["moved"]
    assert [(each["room"], each["knock"]["user"]) for each in moved] == [("tea", owner)]
    assert (await cast_.post("otto", f"/waiting/{owner}/admit")).status == 204
    roles = await cast_.roles()
    assert (roles["olga"], roles.get("ann")) == ("owner", None)
    log = await cast_.candor.store.read(lambda c: audit.page(c, None, 10))
    assert {"room.silence", "room.remove", "room.wait", "room.admit"} <= {
        one.act.action for one in log if one.act.actor == cast_.ids["otto"]
    }
    nowhere = cast_.people["otto"].call("DELETE", f"/api/v1/rooms/nowhere/members/{ann}")
    assert (await nowhere).code == "not_found"


# --- people who must be quiet ---


async def test_who_is_silenced_is_shown_to_be(cast_: Cast) -> None:
    path = f"/members/{cast_.ids['bob']}/silence"
    sources = ["microphone", "camera"]
    assert (await cast_.put("mo", path, sources=sources)).status == 204
    members = (await cast_.people["ann"].get(f"{ROOM}/members")).body["members"]
    silenced = {each["name"]: each["silenced"] for each in members}
    assert silenced["bob"] == sorted(sources)
    assert silenced["ann"] == []
    assert (await cast_.put("mo", path, sources=["nose"])).code == "invalid"
    assert (await cast_.put("mo", path, sources=[])).status == 204
    assert (await cast_.story())[-2:] == [("member.silenced", "bob")] * 2


OFFER = """v=0
a=ice-ufrag:abcd
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:0
m=video 9 UDP/TLS/RTP/SAVPF 96
a=mid:1
m=video 9 UDP/TLS/RTP/SAVPF 96
a=mid:2
m=audio 9 UDP/TLS/RTP/SAVPF 111
a=mid:3
"""


@dataclass
class Recorded:
    """An `Sfu` that forwards nothing and remembers what it was asked."""

    asked: list[tuple[str, ...]] = field(default_factory=list)
    sessions: int = 0

    async def publish(self, room: str, identity: str, offer: str) -> Session:
        self.sessions += 1
        return Session(f"s{self.sessions}", "answer")

    async def silence(self, session: str, mids: list[str]) -> None:
        self.asked.append(("silence", session, *mids))

    async def close(self, session: str) -> None:
        self.asked.append(("close", session))


BOB = Participant("tea", "bob")


async def never(_: Participant) -> bool:
    return False


@pytest.fixture
def recorded() -> Recorded:
    return Recorded()


@pytest.fixture
def media(recorded: Recorded) -> Media:
    return Media(cast("Sfu", recorded), Looking(None, None, never))


@pytest.mark.parametrize(
    ("sources", "mids"),
    [
        # Whatever a sender calls it: muted is without any sound, and stopped without any picture.
        ({"microphone"}, ("0", "3")),
        ({"camera"}, ("1", "2")),
        ({"screen"}, ("2",)),
        ({"screen", "screen_audio"}, ("2", "3")),
        ({"microphone", "camera", "screen", "screen_audio"}, ("0", "1", "2", "3")),
    ],
)
async def test_what_is_silenced_is_not_forwarded_now_nor_after_coming_back(
    media: Media, recorded: Recorded, sources: set[str], mids: tuple[str, ...]
) -> None:
    await media.publish(BOB, OFFER)
    await media.publish(Participant("milk", "bob"), OFFER)
    await media.silence(BOB, frozenset(sources))
    assert recorded.asked == [("silence", "s1", *mids)]

    await media.publish(BOB, OFFER)
    assert recorded.asked[1:] == [("silence", "s3", *mids)]

    await media.silence(BOB, frozenset())
    assert recorded.asked[2:] == [("silence", "s1"), ("silence", "s3")]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (NoSuchSession("over"), contextlib.nullcontext()),
        (NoWorker("?"), pytest.raises(Unavailable)),
    ],
)
async def test_nobody_is_told_that_somebody_is_quiet_when_that_is_not_known(
    media: Media,
    recorded: Recorded,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    raised: AbstractContextManager[object],
) -> None:
    async def broken(*_: object) -> None:
        raise error

    await media.publish(BOB, OFFER)
    monkeypatch.setattr(recorded, "silence", broken)
    with raised:
        await media.silence(BOB, frozenset({"camera"}))


async def test_who_must_go_loses_every_connection_for_media(
    media: Media, recorded: Recorded
) -> None:
    await media.publish(BOB, OFFER)
    await media.publish(Participant("tea", "ann"), OFFER)
    await media.publish(BOB, OFFER)
    await media.expel(BOB)
    assert recorded.asked == [("close", "s1"), ("close", "s3")]


@dataclass
class Studio:
    """Remembers what moderation asked of media."""

    asked: list[tuple[str, Participant, frozenset[str]]] = field(default_factory=list)

    async def silence(self, who: Participant, sources: frozenset[str]) -> None:
        self.asked.append(("silence", who, sources))

    async def expel(self, who: Participant) -> None:
        self.asked.append(("expel", who, frozenset()))


def listen_in(studio: Studio, cast_: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cast_.candor.moderation, "_studio", studio)
    monkeypatch.setattr(cast_.candor.waiting_room, "_expel", studio.expel)


async def test_who_was_silenced_stays_so_after_a_restart(cast_: Cast) -> None:
    bob = cast_.ids["bob"]
    await cast_.put("mo", f"/members/{bob}/silence", sources=["microphone", "camera"])
    await cast_.put("mo", f"/members/{cast_.ids['ann']}/silence", sources=[])

    studio, candor = Studio(), cast_.candor
    await Moderation(candor.store, candor.streams, studio, candor.now).restore()

    silenced = frozenset({"microphone", "camera"})
    assert studio.asked == [("silence", Participant("tea", bob), silenced)]


async def test_who_is_moved_to_the_waiting_room_waits_there_until_let_in_again(
    cast_: Cast,
) -> None:
    code, bob = await cast_.code(), cast_.people["bob"]
    await cast_.guest("Gus", code)
    moved = await cast_.put("mo", f"/waiting/{cast_.ids['bob']}", because="One moment, please.")
    assert moved.status == 204
    assert (await cast_.put("mo", f"/waiting/{cast_.ids['Gus']}")).status == 204

    waits = {"state": "waiting", "moved_because": "One moment, please."}
    assert (await bob.get(f"{ROOM}/knock")).body == waits
    # Neither the door of a room without a waiting room nor an invitation leads past it.
    assert (await cast_.come("bob", code)).body["role"] == "waiting"
    assert (await bob.call("DELETE", f"{ROOM}/knock")).code == "forbidden"
    assert (await bob.get(ROOM)).status == 404
    waiting = (await cast_.people["mo"].get(f"{ROOM}/waiting")).body["waiting"]
    assert [each["moved_because"] for each in waiting] == ["One moment, please.", ""]
    assert (await bob.get("/api/v1/operators/waiting")).code == "forbidden"

    assert (await cast_.post("mo", "/waiting/admit")).status == 200
    roles = await cast_.roles()
    assert (roles["bob"], roles["Gus"]) == ("member", "guest")
    # Whoever is let in has waited long enough: the next time, they ask themselves.
    await cast_.delete("bob", "/membership")
    await cast_.put("mo", "/waiting-room", on=True)
    assert (await bob.post(f"{ROOM}/knock")).body == {"state": "waiting", "moved_because": None}


@pytest.mark.parametrize("act", ["remove", "ban", "wait"])
async def test_media_follow_what_moderation_decided(
    cast_: Cast, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    studio = Studio()
    listen_in(studio, cast_, monkeypatch)
    bob = cast_.ids["bob"]
    if act == "remove":
        await cast_.delete("mo", f"/members/{bob}")
    else:
        await cast_.put("mo", {"ban": f"/bans/{bob}", "wait": f"/waiting/{bob}"}[act])
    assert studio.asked == [("expel", Participant("tea", bob), frozenset())]


async def test_media_do_nothing_that_was_refused(
    cast_: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = Studio()
    listen_in(studio, cast_, monkeypatch)
    await cast_.delete("ann", f"/members/{cast_.ids['bob']}")
    await cast_.put("ann", f"/waiting/{cast_.ids['bob']}")
    await cast_.put("mo", f"/members/{cast_.ids['olga']}/silence", sources=["camera"])
    assert studio.asked == []
