"""Rooms of two people, who call or write to each other: found, or made.

Knows how such a room follows from who they are.  It refuses to know what is done there.
"""

import hashlib

import sqlalchemy as sa

from signaling.auth.identity import Person
from signaling.errors import Refused
from signaling.rooms import DIRECT_PREFIX
from signaling.store import rooms, users
from signaling.store.rooms import Room
from signaling.streams import Happening


def reachable(connection: sa.Connection, who: Person, user_id: str) -> None:
    """Refused unless there is such an account, and it is somebody else's."""
    if user_id == who.user.id:
        raise Refused("invalid", "user: that is you.")
    user = users.by_id(connection, user_id)
    if user is None or user.role == "guest" or user.banned_at is not None:
        raise Refused("not_found")


def pair_room_id(one: str, other: str) -> str:
    """What the room of two people is called, whoever asks."""
    pair = (min(one, other), max(one, other))
    return DIRECT_PREFIX + hashlib.sha256("\n".join(pair).encode()).hexdigest()[:40]


def room_of_two(happening: Happening, one: str, other: str) -> Room:
    """Found or made; its row is locked."""
    connection, now = happening.connection, happening.now
    room_id, pair = pair_room_id(one, other), (min(one, other), max(one, other))
    rooms.add_pair(connection, Room(room_id, room_id, "direct", 2, now), pair)
    room = rooms.lock_row(connection, room_id)
    assert room is not None, "it was made a moment ago"
    return room
