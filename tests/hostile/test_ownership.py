"""What belongs to alice, asked for by somebody else: every route with an identifier in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from signaling.http.call import BYTES, Route
from signaling.http.server import api_routes
from signaling.store import passkeys, proof_schema, schema, watching_schema
from signaling.store.passkeys import Passkey
from tests.client import Client
from tests.hostile.conftest import House
from tests.pictures import png

# What a stranger with an account, and a guest of another room, get: a row for each route whose
# address holds an identifier.  Another one without a row fails below.
NOTHING_THERE = (404, "not_found")
NO_ROLE = (403, "forbidden")
SEEN_BY_ALL = (200, None)

STRANGER: dict[str, tuple[int, str | None]] = {
    "DELETE /api/v1/auth/sessions/{session}": NOTHING_THERE,
    "DELETE /api/v1/me/passkeys/{passkey}": NOTHING_THERE,
    "GET /api/v1/people/{user}": SEEN_BY_ALL,
    "GET /api/v1/people/{user}/avatar": SEEN_BY_ALL,
    "GET /api/v1/rooms/{room}": NOTHING_THERE,
    "GET /api/v1/rooms/{room}/grants": NOTHING_THERE,
    "POST /api/v1/rooms/{room}/tokens": NOTHING_THERE,
    "POST /api/v1/rooms/{room}/invitations": NOTHING_THERE,
    "GET /api/v1/rooms/{room}/invitations": NOTHING_THERE,
    "DELETE /api/v1/rooms/{room}/invitations/{invitation}": NOTHING_THERE,
    "GET /api/v1/rooms/{room}/members": NOTHING_THERE,
    "DELETE /api/v1/rooms/{room}/members/{user}": NOTHING_THERE,
    "DELETE /api/v1/rooms/{room}/membership": NOTHING_THERE,
    "PUT /api/v1/rooms/{room}/members/{user}/role": NOTHING_THERE,
    "PUT /api/v1/rooms/{room}/members/{user}/silence": NOTHING_THERE,
    "PUT /api/v1/rooms/{room}/owner": NOTHING_THERE,
    "PUT /api/v1/rooms/{room}/lock": NOTHING_THERE,
    "PUT /api/v1/rooms/{room}/waiting-room": NOTHING_THERE,
    "POST /api/v1/rooms/{room}/knock": NOTHING_THERE,
    "GET /api/v1/rooms/{room}/knock": NOTHING_THERE,
    "DELETE /api/v1/rooms/{room}/knock": NOTHING_THERE,
    "GET /api/v1/rooms/{room}/waiting": NOTHING_THERE,
    "PUT /api/v1/rooms/{room}/waiting/{user}": NOTHING_THERE,
    "POST /api/v1/rooms/{room}/waiting/admit": NOTHING_THERE,
    "POST /api/v1/rooms/{room}/waiting/{user}/admit": NOTHING_THERE,
    "POST /api/v1/rooms/{room}/waiting/{user}/deny": NOTHING_THERE,
    "GET /api/v1/rooms/{room}/bans": NOTHING_THERE,
    "PUT /api/v1/rooms/{room}/bans/{user}": NOTHING_THERE,
    "GET /api/v1/rooms/{room}/detection": NOTHING_THERE,
    "PUT /api/v1/rooms/{room}/detection": NOTHING_THERE,
    "DELETE /api/v1/rooms/{room}/bans/{user}": NOTHING_THERE,
    "POST /api/v1/chat/rooms/{room}/send-image": NOTHING_THERE,
    "POST /api/v1/chat/rooms/{room}/send-audio": NOTHING_THERE,
    "POST /api/v1/chat/rooms/{room}/send-video": NOTHING_THERE,
    "POST /api/v1/chat/rooms/{room}/send-file": NOTHING_THERE,
    "POST /api/v1/rooms/{room}/files": NOTHING_THERE,
    "GET /api/v1/rooms/{room}/files": NOTHING_THERE,
    "GET /api/v1/files/{file}": NOTHING_THERE,
    "PATCH /api/v1/files/{file}": NOTHING_THERE,
    "POST /api/v1/files/{file}/finish": NOTHING_THERE,
    "DELETE /api/v1/files/{file}": NOTHING_THERE,
    "GET /api/v1/files/{file}/content": NOTHING_THERE,
    "GET /api/v1/files/{file}/thumbnail": NOTHING_THERE,
    "GET /api/v1/files/{file}/poster": NOTHING_THERE,
    "GET /api/v1/files/{file}/waveform": NOTHING_THERE,
    "GET /api/v1/calls/{call}": NOTHING_THERE,
    "GET /api/v1/calls/{call}/stats": NOTHING_THERE,
    "GET /api/v1/rooms/{room}/challenges": NOTHING_THERE,
    "PUT /api/v1/rooms/{room}/challenges": NOTHING_THERE,
    "GET /api/v1/calls/{call}/challenges": NOTHING_THERE,
    "POST /api/v1/calls/{call}/challenges": NOTHING_THERE,
    "GET /api/v1/calls/{call}/proofs": NOTHING_THERE,
    "POST /api/v1/calls/{call}/proofs": NOTHING_THERE,
    "GET /api/v1/calls/{call}/risk": NOTHING_THERE,
    "PUT /api/v1/calls/{call}/risk/{user}/override": NO_ROLE,
    "DELETE /api/v1/calls/{call}/risk/{user}/override": NO_ROLE,
    "GET /api/v1/alerts/{alert}/captures": NO_ROLE,
    "GET /api/v1/captures/{capture}": NO_ROLE,
    "GET /api/v1/captures/{capture}/map": NO_ROLE,
    "GET /api/v1/alerts/{alert}/case": NO_ROLE,
    "GET /api/v1/scores/{score}": NO_ROLE,
    "DELETE /api/v1/users/{user}/evidence": NO_ROLE,
    "DELETE /api/v1/webhooks/{webhook}": NO_ROLE,
    "GET /api/v1/webhooks/{webhook}/deliveries": NO_ROLE,
    "POST /api/v1/webhooks/{webhook}/deliveries/{delivery}/retry": NO_ROLE,
    "GET /api/v1/alerts/{alert}": NO_ROLE,
    "POST /api/v1/alerts/{alert}/acts": NO_ROLE,
    "PUT /api/v1/alerts/{alert}/owner": NO_ROLE,
    "POST /api/v1/alerts/{alert}/notes": NO_ROLE,
    "GET /api/v1/calls/{call}/risk/history": NOTHING_THERE,
    "POST /api/v1/calls/{call}/accept": NOTHING_THERE,
    "POST /api/v1/calls/{call}/decline": NOTHING_THERE,
    "POST /api/v1/calls/{call}/join": NOTHING_THERE,
    "POST /api/v1/calls/{call}/leave": NOTHING_THERE,
    "POST /api/v1/calls/{call}/medium": NOTHING_THERE,
    "POST /api/v1/calls/{call}/invite": NOTHING_THERE,
    "GET /api/v1/chat/messages/{message}": NOTHING_THERE,
    "PATCH /api/v1/chat/messages/{message}": NOTHING_THERE,
    "DELETE /api/v1/chat/messages/{message}": NOTHING_THERE,
    "GET /api/v1/chat/messages/{message}/edits": NOTHING_THERE,
    "GET /api/v1/chat/messages/{message}/readers": NOTHING_THERE,
    "PUT /api/v1/chat/messages/{message}/read": NOTHING_THERE,
    "PUT /api/v1/chat/messages/{message}/reaction": NOTHING_THERE,
    "PUT /api/v1/chat/messages/{message}/pin": NOTHING_THERE,
    "DELETE /api/v1/chat/messages/{message}/pin": NOTHING_THERE,
    "POST /api/v1/chat/messages/{message}/forward": NOTHING_THERE,
    "POST /api/v1/chat/messages/{message}/report": NOTHING_THERE,
    "GET /api/v1/chat/rooms/{room}/messages": NOTHING_THERE,
    "POST /api/v1/chat/rooms/{room}/messages": NOTHING_THERE,
    "POST /api/v1/chat/rooms/{room}/send": NOTHING_THERE,
    "POST /api/v1/chat/rooms/{room}/delete-message/{message}": NOTHING_THERE,
    "PUT /api/v1/chat/rooms/{room}/read": NOTHING_THERE,
    "POST /api/v1/chat/rooms/{room}/read": NOTHING_THERE,
    "GET /api/v1/chat/rooms/{room}/positions": NOTHING_THERE,
    "GET /api/v1/chat/rooms/{room}/pins": NOTHING_THERE,
    "GET /api/v1/chat/rooms/{room}/rules": NOTHING_THERE,
    "PATCH /api/v1/chat/rooms/{room}/rules": NOTHING_THERE,
    "GET /api/v1/chat/rooms/{room}/export": NOTHING_THERE,
    "PUT /api/v1/chat/rooms/{room}/hold": NO_ROLE,
    "PUT /api/v1/chat/reports/{report}": NOTHING_THERE,
    "PUT /api/v1/chat/blocks/{user}": (204, None),
    "DELETE /api/v1/chat/blocks/{user}": (204, None),
    "POST /api/v1/users/{user}/ban": NO_ROLE,
    "DELETE /api/v1/users/{user}/ban": NO_ROLE,
    "PUT /api/v1/users/{user}/role": NO_ROLE,
    "PUT /api/v1/users/{user}/membership": NO_ROLE,
    "POST /whip/{room}": NOTHING_THERE,
    "POST /whep/{room}": NOTHING_THERE,
    "PATCH /whip/{room}/{session}": NOTHING_THERE,
    "PATCH /whep/{room}/{session}": NOTHING_THERE,
    "DELETE /whip/{room}/{session}": NOTHING_THERE,
    "DELETE /whep/{room}/{session}": NOTHING_THERE,
}
GUEST: dict[str, tuple[int, str | None]] = STRANGER | {
    "GET /api/v1/people/{user}": NOTHING_THERE,
    "GET /api/v1/people/{user}/avatar": NOTHING_THERE,
    "PUT /api/v1/chat/blocks/{user}": NOTHING_THERE,
    # Guests have no rooms of their own to do this in.
    "POST /api/v1/rooms/{room}/tokens": NO_ROLE,
    "POST /api/v1/rooms/{room}/invitations": NO_ROLE,
    "GET /api/v1/rooms/{room}/invitations": NO_ROLE,
    "DELETE /api/v1/rooms/{room}/invitations/{invitation}": NO_ROLE,
    "PUT /api/v1/rooms/{room}/members/{user}/role": NO_ROLE,
    "PUT /api/v1/rooms/{room}/owner": NO_ROLE,
    "POST /api/v1/rooms/{room}/knock": NO_ROLE,
    "POST /api/v1/calls/{call}/invite": NO_ROLE,
    "DELETE /api/v1/me/passkeys/{passkey}": NO_ROLE,
}
# The code of an invitation is a right in itself: whoever knows it may use it.
CAPABILITIES = {"GET /api/v1/invitations/{code}", "POST /api/v1/invitations/{code}/accept"}

# What alice cannot do for want of company: tests/signaling/test_moderation.py and test_calls.py.
FOR_MORE_THAN_ONE = {
    "DELETE /api/v1/rooms/{room}/members/{user}",
    "PUT /api/v1/rooms/{room}/members/{user}/role",
    "PUT /api/v1/rooms/{room}/members/{user}/silence",
    "PUT /api/v1/rooms/{room}/owner",
    "DELETE /api/v1/rooms/{room}/knock",
    "PUT /api/v1/rooms/{room}/waiting/{user}",
    "POST /api/v1/rooms/{room}/waiting/{user}/admit",
    "POST /api/v1/rooms/{room}/waiting/{user}/deny",
    "PUT /api/v1/rooms/{room}/bans/{user}",
    "DELETE /api/v1/rooms/{room}/bans/{user}",
    "POST /api/v1/calls/{call}/decline",
    "POST /api/v1/calls/{call}/leave",
    "POST /api/v1/calls/{call}/invite",
    "POST /api/v1/calls/{call}/challenges",
    "POST /api/v1/calls/{call}/proofs",
    "PUT /api/v1/chat/blocks/{user}",
}

# What a picture, or a file that is whole, does not have, and what wants a form with a file:
# tests/signaling/test_uploads.py.
NOT_OF_A_PICTURE = {
    "POST /api/v1/chat/rooms/{room}/send-image",
    "POST /api/v1/chat/rooms/{room}/send-audio",
    "POST /api/v1/chat/rooms/{room}/send-video",
    "POST /api/v1/chat/rooms/{room}/send-file",
    "PATCH /api/v1/files/{file}",
    "GET /api/v1/files/{file}/poster",
    "GET /api/v1/files/{file}/waveform",
}
FORMS = {name for name in NOT_OF_A_PICTURE if "send-" in name}
QUERIES = {"PATCH /api/v1/files/{file}": "?offset=0"}

BODIES: Mapping[str, Any] = {
    "POST /api/v1/users/{user}/ban": {"reason": "envy"},
    "PUT /api/v1/rooms/{room}/members/{user}/role": {"role": "member"},
    "PUT /api/v1/rooms/{room}/members/{user}/silence": {"sources": []},
    "PUT /api/v1/rooms/{room}/owner": {"user": "x"},
    "PUT /api/v1/rooms/{room}/lock": {"locked": False},
    "PUT /api/v1/rooms/{room}/waiting-room": {"on": False},
    # Else it would not be a host's to see.
    "PUT /api/v1/rooms/{room}/detection": {"seen_by": "hosts"},
    "POST /api/v1/calls/{call}/medium": {"medium": "audio"},
    "POST /api/v1/calls/{call}/invite": {"users": ["x"]},
    "POST /api/v1/calls/{call}/challenges": {"user": "x"},
    "POST /api/v1/calls/{call}/proofs": {"user": "x"},
    "POST /api/v1/chat/messages/{message}/report": {"reason": "rude"},
    "PUT /api/v1/chat/rooms/{room}/hold": {"on": True},
    "PUT /api/v1/chat/reports/{report}": {"outcome": "upheld"},
    "PATCH /api/v1/chat/messages/{message}": {"text": "mine"},
    "PUT /api/v1/chat/messages/{message}/reaction": {"emoji": "👀"},
    "POST /api/v1/chat/messages/{message}/forward": {"room_id": "wonderland"},
    "POST /api/v1/chat/rooms/{room}/send": {"text": "mine"},
    "POST /api/v1/rooms/{room}/files": {"name": "x", "size": 1},
    "PUT /api/v1/users/{user}/role": {"role": "caller"},
    "PUT /api/v1/users/{user}/membership": {"membership": "vip"},
}


@dataclass(frozen=True, slots=True)
class Belongings:
    """Alice's, by the name that they have in an address; and who would like to have them."""

    alice: Client
    ids: dict[str, str]
    stranger: Client
    guest: Client

    def filled(self, path: str) -> str:
        return re.sub(r"{(\w+)}", lambda found: self.ids[found[1]], path)


async def _guest_of(client: Client, owner: Client, room: str) -> Client:
    await owner.post("/api/v1/rooms", {"id": room})
    code = (await owner.post(f"/api/v1/rooms/{room}/invitations")).body["code"]
    entered = await client.post("/api/v1/auth/guest", {"name": "Gus", "invitation": code})
    assert entered.status == 201, entered
    return client.as_(entered.body["access_token"])


async def _report_of(owner: Client, message: str) -> str:
    await owner.post(f"/api/v1/chat/messages/{message}/report", {"reason": "rude"})
    listed = await owner.get("/api/v1/chat/reports?room_id=wonderland")
    found: str = listed.body["reports"][0]["id"]
    return found


async def _file_of(client: Client, room: str) -> str:
    """A picture that is ready."""
    wish = {"name": "x.png", "size": len(png(8, 8))}
    file = (await client.post(f"/api/v1/rooms/{room}/files", wish)).body["id"]
    piece = {"Content-Type": "application/octet-stream"}
    await client.call("PATCH", f"/api/v1/files/{file}?offset=0", png(8, 8), headers=piece)
    assert (await client.post(f"/api/v1/files/{file}/finish")).status == 200
    return str(file)


@pytest.fixture
async def belongings(house: House) -> Belongings:
    alice = await house.client.register("alice")
    bob = await house.client.register("bob")
    await alice.call("PATCH", "/api/v1/me", {"real_name": "Alice Liddell"})
    picture = await alice.call(
        "PUT", "/api/v1/me/avatar", png(8, 8), headers={"Content-Type": "image/png"}
    )
    assert picture.status == 200
    await alice.post("/api/v1/rooms", {"id": "wonderland"})
    invitation = (await alice.post("/api/v1/rooms/wonderland/invitations")).body
    me = (await alice.get("/api/v1/me")).body
    session = (await alice.get("/api/v1/auth/sessions")).body["sessions"][0]
    call = (await alice.post("/api/v1/calls/start", {"room": "wonderland"})).body
    said = {"room_id": "wonderland", "text": "curiouser"}
    message = (await alice.post("/api/v1/chat/messages", said)).body["message"]
    key = Passkey("y1", me["id"], b"id", b"key", 0, "", house.candor.now())
    await house.candor.store.write(lambda connection: passkeys.add(connection, key))
    ids = {
        "passkey": key.id,
        "file": await _file_of(alice, "wonderland"),
        "call": call["id"],
        "message": message["id"],
        "report": await _report_of(alice, message["id"]),
        "alert": "a1",
        "capture": "p1",
        "score": "s1",
        "webhook": "w1",
        "delivery": "d1",
        "user": me["id"],
        "session": session["id"],
        "room": "wonderland",
        "invitation": invitation["id"],
        "code": invitation["code"],
    }
    guest = await _guest_of(house.client, bob, "elsewhere")
    return Belongings(alice, ids, bob, guest)


def _with_identifier(house: House) -> list[Route]:
    return [route for route in api_routes(house.candor) if "{" in route.address.path]


def _named(route: Route) -> str:
    return f"{route.method} {route.address.path}"


def _sent(route: Route) -> tuple[Any, dict[str, str]]:
    """(body, headers) that nothing but a missing right is held against."""
    if route.body in BYTES:
        return b"v=0\r\n", {"Content-Type": route.accepts[0]}
    return BODIES.get(_named(route), {}), {}


async def test_every_route_with_an_identifier_has_a_row_here(house: House) -> None:
    names = {_named(route) for route in _with_identifier(house)}

    assert set(STRANGER) | CAPABILITIES == names
    assert set(GUEST) == set(STRANGER)


async def _everything(house: House) -> dict[str, list[Any]]:
    """Every row that could have been changed, but for notes of who was seen."""
    tables = (
        schema.users,
        schema.rooms,
        schema.room_members,
        schema.room_bans,
        schema.room_waiting,
        schema.calls,
        schema.call_members,
        schema.messages,
        schema.message_reactions,
        schema.read_positions,
        schema.chat_reports,
        schema.chat_rules,
        schema.room_events,
        schema.invitations,
        schema.user_sessions,
        schema.avatars,
        schema.files,
        schema.file_parts,
        watching_schema.detection_rules,
        watching_schema.consents,
        proof_schema.authenticators,
        proof_schema.passkeys,
        proof_schema.proofs,
    )

    def work(connection: sa.Connection) -> dict[str, list[Any]]:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table)))) for table in tables
        }

    return await house.candor.store.read(work)


@pytest.mark.parametrize("who", ["stranger", "guest"])
async def test_what_belongs_to_somebody_else_is_not_there(
    house: House, belongings: Belongings, who: str
) -> None:
    asker, rows = {
        "stranger": (belongings.stranger, STRANGER),
        "guest": (belongings.guest, GUEST),
    }[who]
    before = await _everything(house)
    wrong = []
    for route in _with_identifier(house):
        if _named(route) in CAPABILITIES:
            continue
        for path in (route.address.path, *route.address.also):
            filled = belongings.filled(path) + QUERIES.get(_named(route), "")
            reply = await asker.call(route.method, filled, *_sent(route))
            if (reply.status, reply.code) != rows[_named(route)]:
                wrong.append((route.method, path, reply.status, reply.code))

    assert not wrong
    assert await _everything(house) == before


async def test_what_is_not_yours_and_what_is_not_there_look_the_same(
    house: House, belongings: Belongings
) -> None:
    nowhere = {name: "0" * len(value) for name, value in belongings.ids.items()}
    for name, expected in STRANGER.items():
        if expected != NOTHING_THERE:
            continue
        method, path = name.split(" ")
        path += QUERIES.get(name, "")
        sent = (b"x", {"Content-Type": "application/octet-stream"}) if "?" in path else ({}, {})
        sent = (b"x", {"Content-Type": "multipart/form-data"}) if name in FORMS else sent
        hidden = await belongings.stranger.call(method, belongings.filled(path), *sent)
        missing = await belongings.stranger.call(method, path.format(**nowhere), *sent)
        assert (hidden.status, hidden.body) == (missing.status, missing.body), name


async def test_alice_herself_gets_all_of_it(house: House, belongings: Belongings) -> None:
    """Without this, every 404 above could be a mistake in an address."""
    for name, expected in STRANGER.items():
        method, path = name.split(" ")
        # Media sessions want a media process: tests/interop/test_whip.py.
        if expected == NO_ROLE or method == "DELETE" or not path.startswith("/api/"):
            continue
        if name in FOR_MORE_THAN_ONE | NOT_OF_A_PICTURE:
            continue
        body = BODIES.get(name, {})
        reply = await belongings.alice.call(method, belongings.filled(path), body)
        assert reply.status in (200, 201, 204), name
    own = {
        name for name in STRANGER if name.startswith(("DELETE /api/v1/rooms", "DELETE /api/v1/f"))
    }
    for name in sorted(own - FOR_MORE_THAN_ONE):
        reply = await belongings.alice.call("DELETE", belongings.filled(name.split(" ")[1]))
        assert reply.status == 204, name
    session = belongings.filled("/api/v1/auth/sessions/{session}")
    assert (await belongings.alice.call("DELETE", session)).status == 204


async def test_a_real_name_is_for_those_who_share_a_room(belongings: Belongings) -> None:
    path = belongings.filled("/api/v1/people/{user}")
    assert (await belongings.stranger.get(path)).body["real_name"] == ""

    code = belongings.ids["code"]
    joined = await belongings.stranger.post(f"/api/v1/invitations/{code}/accept")

    assert joined.status == 200
    assert (await belongings.stranger.get(path)).body["real_name"] == "Alice Liddell"


async def test_a_member_does_not_do_what_moderators_do(belongings: Belongings) -> None:
    bob = belongings.stranger
    await bob.post(f"/api/v1/invitations/{belongings.ids['code']}/accept")
    path = belongings.filled("/api/v1/rooms/{room}/invitations")

    for method, address in (
        ("GET", path),
        ("POST", path),
        ("DELETE", f"{path}/{belongings.ids['invitation']}"),
    ):
        reply = await bob.call(method, address, {})
        assert (reply.status, reply.code) == NO_ROLE
    listed = (await belongings.alice.get(path)).body["invitations"]
    assert [item["revoked_at"] for item in listed] == [None]


async def test_a_member_moderates_nothing(belongings: Belongings) -> None:
    bob, room = belongings.stranger, "/api/v1/rooms/wonderland"
    await bob.post(f"/api/v1/invitations/{belongings.ids['code']}/accept")
    alice = belongings.ids["user"]

    for method, path, body in (
        ("PUT", "/lock", {"locked": True}),
        ("PUT", "/waiting-room", {"on": True}),
        ("GET", "/waiting", None),
        ("POST", "/waiting/admit", {}),
        ("PUT", f"/waiting/{alice}", {}),
        ("POST", f"/waiting/{alice}/admit", {}),
        ("POST", f"/waiting/{alice}/deny", {}),
        ("GET", "/bans", None),
        ("PUT", f"/bans/{alice}", None),
        ("DELETE", f"/bans/{alice}", None),
        ("DELETE", f"/members/{alice}", None),
        ("PUT", f"/members/{alice}/role", {"role": "member"}),
        ("PUT", f"/members/{alice}/silence", {"sources": ["camera"]}),
        ("PUT", "/owner", {"user": alice}),
    ):
        reply = await bob.call(method, room + path, body)
        assert (reply.status, reply.code) == NO_ROLE, (method, path)
    assert (await belongings.alice.get(room)).body["role"] == "owner"


async def test_an_invitation_is_not_closed_through_a_room_of_ones_own(
    belongings: Belongings,
) -> None:
    invitation = belongings.ids["invitation"]

    reply = await belongings.stranger.call(
        "DELETE", f"/api/v1/rooms/elsewhere/invitations/{invitation}"
    )

    assert (reply.status, reply.code) == NOTHING_THERE
    opened = await belongings.stranger.get(f"/api/v1/invitations/{belongings.ids['code']}")
    assert opened.status == 200


async def test_nobody_gives_away_more_than_they_have(belongings: Belongings) -> None:
    bob = belongings.stranger
    await bob.post(f"/api/v1/invitations/{belongings.ids['code']}/accept")

    for grants in ({"moderate": True}, {"record": True}, {"hidden": True}, {"observe_risk": True}):
        reply = await bob.post("/api/v1/rooms/wonderland/tokens", {"grants": grants})
        assert (reply.status, reply.code) == NO_ROLE, grants
    for grants in ({"hidden": True}, {"observe_risk": True}):
        path = "/api/v1/rooms/wonderland/invitations"
        reply = await belongings.alice.post(path, {"grants": grants})
        assert (reply.status, reply.code) == NO_ROLE, grants
