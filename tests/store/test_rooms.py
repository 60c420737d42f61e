"""Rooms, members and invitations."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from signaling.store import Store, rooms
from signaling.store.rooms import RoomTaken
from signaling.store.schema import rooms as rooms_table
from tests.store.rows import LATER, NOW, at_once, count, invitation, put_room, put_user, room


@pytest.fixture
async def housed(store: Store) -> Store:
    """Two users, one room, which belongs to the first."""
    await put_user(store, "u1")
    await put_user(store, "u2")
    await put_room(store)
    return store


async def test_a_room_is_made_with_its_owner(housed: Store) -> None:
    assert await housed.read(lambda c: rooms.by_id(c, "r1")) == room()
    assert await housed.read(lambda c: rooms.member_role(c, "r1", "u1")) == "owner"
    assert await housed.read(lambda c: rooms.member_role(c, "r1", "u2")) is None
    assert await housed.read(lambda c: rooms.by_id(c, "elsewhere")) is None


async def test_of_many_who_make_the_same_room_exactly_one_does(housed: Store) -> None:
    results = await at_once(housed, 20, lambda c: rooms.add(c, room("r2"), "u1"))
    assert results.count(None) == 1
    assert sum(isinstance(result, RoomTaken) for result in results) == 19
    assert await housed.read(lambda c: count(c, rooms_table)) == 2


async def test_a_room_whose_owner_is_nobody_is_not_made_at_all(housed: Store) -> None:
    with pytest.raises(IntegrityError):
        await housed.write(lambda c: rooms.add(c, room("r2"), "nobody"))
    assert await housed.read(lambda c: rooms.by_id(c, "r2")) is None


@pytest.mark.parametrize("capacity", [0, -1, 1001])
async def test_a_room_of_impossible_size_is_refused(housed: Store, capacity: int) -> None:
    with pytest.raises(IntegrityError):
        await housed.write(lambda c: rooms.add(c, room("r2", capacity=capacity), "u1"))


async def test_rooms_of_a_user_come_in_pages(housed: Store) -> None:
    for number in (2, 3, 4):
        await put_room(housed, f"r{number}", owner="u1" if number != 3 else "u2")
    first = await housed.read(lambda c: rooms.of_user(c, "u1", "", 2))
    rest = await housed.read(lambda c: rooms.of_user(c, "u1", first[-1][0].id, 2))
    assert [(found.id, role) for found, role in first + rest] == [
        ("r1", "owner"),
        ("r2", "owner"),
        ("r4", "owner"),
    ]


async def test_people_share_a_room_once_both_are_members(housed: Store) -> None:
    assert not await housed.read(lambda c: rooms.share_a_room(c, "u1", "u2"))
    await housed.write(lambda c: rooms.add_member(c, "r1", "u2", "member", NOW))
    assert await housed.read(lambda c: rooms.share_a_room(c, "u1", "u2"))
    assert await housed.read(lambda c: rooms.share_a_room(c, "u2", "u1"))


async def test_nobody_is_a_member_twice(housed: Store) -> None:
    with pytest.raises(IntegrityError):
        await housed.write(lambda c: rooms.add_member(c, "r1", "u1", "member", NOW))


async def test_an_invitation_is_found_by_its_code(housed: Store) -> None:
    made = invitation(pin_hash="$argon2id$", grants={"deep": [1, "ü", None]})
    await housed.write(lambda c: rooms.add_invitation(c, made))
    assert await housed.read(lambda c: rooms.invitation_by_code(c, made.code)) == made
    assert await housed.read(lambda c: rooms.invitation_by_id(c, made.id)) == made
    assert await housed.read(lambda c: rooms.invitation_by_code(c, "guessed")) is None


@pytest.mark.parametrize("uses", [0, 1, 7])
async def test_an_invitation_lets_in_as_many_as_it_says_and_no_more(
    housed: Store, uses: int
) -> None:
    await housed.write(lambda c: rooms.add_invitation(c, invitation(uses_left=uses)))
    results = await at_once(housed, 50, lambda c: rooms.spend(c, "i1"))
    assert sorted(results) == [False] * (50 - uses) + [True] * uses
    left = await housed.read(lambda c: rooms.invitation_by_id(c, "i1"))
    assert left.uses_left == 0


async def test_not_even_by_hand_can_the_uses_fall_below_zero(housed: Store) -> None:
    await housed.write(lambda c: rooms.add_invitation(c, invitation(uses_left=0)))
    with pytest.raises(IntegrityError):
        await housed.write(lambda c: c.execute(sa.text("UPDATE invitations SET uses_left = -1")))


@pytest.mark.parametrize(
    ("made", "is_open"),
    [
        (invitation(), True),
        (invitation(uses_left=0), False),
        (invitation(expires_at=NOW), False),
        (invitation(expires_at=NOW + timedelta(microseconds=1)), True),
        (invitation(revoked_at=NOW), False),
    ],
)
def test_an_invitation_is_open_while_it_can_let_somebody_in(
    made: rooms.Invitation, is_open: bool
) -> None:
    assert made.open_at(NOW) is is_open


async def test_a_revoked_invitation_stays_in_the_list(housed: Store) -> None:
    for id_ in ("i1", "i2"):
        await housed.write(lambda c, i=id_: rooms.add_invitation(c, invitation(i)))
    await housed.write(lambda c: rooms.revoke(c, "i1", LATER))
    listed = await housed.read(lambda c: rooms.invitations_of(c, "r1"))
    assert [(one.id, one.revoked_at) for one in listed] == [("i2", None), ("i1", LATER)]
