"""Rooms, invitations, guests and room tokens, through HTTP."""

import asyncio
from datetime import timedelta

import pytest

from signaling.app import Candor, utc_now
from signaling.auth.grants import EVERYTHING, Grants
from signaling.auth.tokens import RoomClaims, Signer
from tests.client import Client
from tests.conftest import SECRET

GUEST = "/api/v1/auth/guest"


async def _room(client: Client, **more: object) -> str:
    reply = await client.post("/api/v1/rooms", more)
    assert reply.status == 201, reply
    room: str = reply.body["id"]
    return room


async def _invite(client: Client, room: str, **more: object) -> str:
    reply = await client.post(f"/api/v1/rooms/{room}/invitations", more)
    assert reply.status == 201, reply
    code: str = reply.body["code"]
    return code


async def test_a_room_belongs_to_whoever_made_it_and_to_nobody_else(client: Client) -> None:
    alice, bob = await client.register("alice"), await client.register("bob")

    room = await _room(alice, id="our-room", title="Ours")

    assert (await alice.get(f"/api/v1/rooms/{room}")).body["role"] == "owner"
    assert (await bob.get(f"/api/v1/rooms/{room}")).status == 404
    assert (await bob.post("/api/v1/rooms", {"id": "our-room"})).code == "room_taken"


async def test_rooms_are_paged_by_cursor(client: Client) -> None:
    alice = await client.register("alice")
    made = {await _room(alice, id=f"room-{number}") for number in range(5)}

    seen, cursor = set[str](), ""
    while cursor is not None:
        page = (await alice.get(f"/api/v1/rooms?limit=2&cursor={cursor}")).body
        assert len(page["rooms"]) <= 2
        assert {room["role"] for room in page["rooms"]} == {"owner"}
        seen |= {room["id"] for room in page["rooms"]}
        cursor = page["next"]

    assert seen == made


async def test_a_guest_comes_in_by_name_and_invitation_and_gets_no_further(
    client: Client,
) -> None:
    alice = await client.register("alice")
    room, other = await _room(alice), await _room(alice)
    code = await _invite(alice, room)

    face = await client.get(f"/api/v1/invitations/{code}")
    entered = await client.post(GUEST, {"name": "Grandma", "invitation": code})

    assert face.body["room"] == room
    assert face.body["needs_pin"] is False
    assert (entered.status, entered.body["role"], entered.body["room"]) == (201, "guest", room)
    guest = client.as_(entered.body["access_token"])
    grants = (await guest.get(f"/api/v1/rooms/{room}/grants")).body["grants"]
    assert grants["subscribe"] is True
    assert "moderate" not in grants
    assert (await guest.get(f"/api/v1/rooms/{other}")).status == 404
    assert (await guest.post("/api/v1/rooms")).status == 403
    assert (await guest.post(f"/api/v1/rooms/{room}/invitations")).status == 403


async def test_an_invitation_with_a_pin_wants_it(client: Client) -> None:
    alice = await client.register("alice")
    code = await _invite(alice, await _room(alice), pin="4711")

    wrong = await client.post(GUEST, {"name": "Eve", "invitation": code, "pin": "0000"})
    right = await client.post(GUEST, {"name": "Grandma", "invitation": code, "pin": "4711"})

    assert wrong.code == "wrong_pin"
    assert right.status == 201


async def test_the_last_use_of_an_invitation_has_one_winner(client: Client) -> None:
    alice = await client.register("alice")
    code = await _invite(alice, await _room(alice), uses=1)
    body = {"name": "Guest One", "invitation": code}

    replies = await asyncio.gather(*(client.post(GUEST, body) for _ in range(5)))

    assert sorted(reply.status for reply in replies) == [201, 410, 410, 410, 410]


async def test_a_revoked_invitation_leads_nowhere(client: Client) -> None:
    alice, bob = await client.register("alice"), await client.register("bob")
    room = await _room(alice)
    made = (await alice.post(f"/api/v1/rooms/{room}/invitations")).body
    path = f"/api/v1/rooms/{room}/invitations/{made['id']}"

    assert (await bob.call("DELETE", path)).status == 404
    assert (await alice.call("DELETE", path)).status == 204

    entered = await client.post(GUEST, {"name": "Late", "invitation": made["code"]})
    assert entered.code == "invitation_spent"
    assert (await client.get(f"/api/v1/invitations/{made['code']}")).status == 410


async def test_somebody_who_belongs_spends_nothing(client: Client) -> None:
    alice, bob = await client.register("alice"), await client.register("bob")
    room = await _room(alice)
    code = await _invite(alice, room, uses=1)

    for _ in range(2):
        accepted = await bob.post(f"/api/v1/invitations/{code}/accept")
        assert (accepted.status, accepted.body["role"]) == (200, "member")

    assert (await bob.get(f"/api/v1/rooms/{room}")).body["role"] == "member"


async def test_nobody_grants_more_than_they_have(client: Client) -> None:
    alice, bob = await client.register("alice"), await client.register("bob")
    room = await _room(alice)
    await bob.post(f"/api/v1/invitations/{await _invite(alice, room)}/accept")
    path = f"/api/v1/rooms/{room}/tokens"

    refused = await bob.post(path, {"grants": {"moderate": True}})
    own = await bob.post(path)
    less = await bob.post(path, {"grants": {"subscribe": True}})

    assert refused.code == "forbidden"
    assert own.body["grants"]["chat"] is True
    assert less.body["grants"] == {"subscribe": True}
    greedy = {"grants": {"observe_risk": True}}
    assert (await alice.post(f"/api/v1/rooms/{room}/invitations", greedy)).code == "forbidden"


async def test_a_room_token_opens_its_room_and_no_other(client: Client) -> None:
    alice = await client.register("alice")
    room, other = await _room(alice), await _room(alice)
    token = (await alice.post(f"/api/v1/rooms/{room}/tokens")).body["token"]
    holder = client.as_(token)

    assert (await holder.get(f"/api/v1/rooms/{room}/grants")).status == 200
    assert (await holder.get(f"/api/v1/rooms/{other}/grants")).status == 404
    # It is not a session: nothing that asks for a person takes it.
    assert (await holder.get("/api/v1/me")).status == 401


async def test_a_room_token_ends_with_its_time(client: Client) -> None:
    now = utc_now()
    claims = RoomClaims("t", "some-room", "robot", "Robot", EVERYTHING)
    signer = Signer(SECRET)
    expired = signer.room_token(claims, now - timedelta(hours=2), timedelta(hours=1))
    valid = signer.room_token(claims, now, timedelta(hours=1))

    path = "/api/v1/rooms/some-room/grants"
    assert (await client.as_(expired).get(path)).code == "token_expired"
    assert (await client.as_(valid).get(path)).status == 200


@pytest.mark.parametrize(
    ("one", "other", "within"),
    [
        (Grants(), Grants(), True),
        (Grants(chat=True), EVERYTHING, True),
        (Grants(chat=True), Grants(), False),
        (Grants(publish=("camera",)), Grants(publish=("microphone",)), False),
        (Grants(publish=("camera",)), Grants(publish=("microphone", "camera")), True),
    ],
)
def test_rights_are_compared_one_by_one(one: Grants, other: Grants, within: bool) -> None:
    assert one.within(other) == within


async def test_an_operator_sees_risk_in_a_room_and_a_caller_does_not(
    client: Client, candor: Candor
) -> None:
    alice = await client.register("alice")
    room = await _room(alice)
    me = (await alice.get("/api/v1/me")).body["id"]
    path = f"/api/v1/rooms/{room}/grants"
    assert "observe_risk" not in (await alice.get(path)).body["grants"]

    await candor.standing.set_role("a test", me, "operator", "")

    assert (await alice.get(path)).body["grants"]["observe_risk"] is True
