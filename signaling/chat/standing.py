"""How somebody stands in a room where they want to read or write; asked within a transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from signaling.auth.grants import Grants
from signaling.auth.identity import Holder, Identity, Person
from signaling.errors import Refused
from signaling.rooms import grants_of
from signaling.store import chat_rules, messages
from signaling.store.chat_rules import Place
from signaling.store.conversations import OF_TWO
from signaling.store.messages import Message


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody in a room, and what they may do there."""

    identity: str
    room_id: str
    grants: Grants
    place: Place


def identity_of(who: Identity) -> str:
    """By what name messages of theirs are kept."""
    match who:
        case Person(user=user):
            return user.id
        case Holder(claims=claims):
            return claims.identity
        case _:
            raise Refused("unauthenticated")


def standing(
    connection: sa.Connection, who: Identity, room_id: str, *, locked: bool = False
) -> Standing:
    """Refused("not_found") for whoever does not belong to the room."""
    identity = identity_of(who)
    place = chat_rules.place(connection, room_id, identity, locked=locked)
    if place is None:
        raise Refused("not_found")
    return Standing(identity, room_id, _grants(who, room_id, place), place)


def writing(connection: sa.Connection, who: Identity, room_id: str) -> Standing:
    """The same, with the room locked; Refused for whoever may not chat there."""
    found = standing(connection, who, room_id, locked=True)
    if not found.grants.chat:
        raise Refused("forbidden", "No right to chat in this room.")
    return found


def reading(connection: sa.Connection, who: Identity, room_id: str) -> Standing:
    found = standing(connection, who, room_id)
    if not found.grants.chat:
        raise Refused("forbidden", "No right to chat in this room.")
    return found


def refuse_speech(connection: sa.Connection, who: Standing, now: datetime) -> None:
    """Refused while the room's rules, or somebody's wish, keep them from saying anything."""
    rules, moderates = who.place.rules, who.grants.moderate
    if rules.read_only and not moderates:
        raise Refused("room_read_only")
    if rules.slow_mode_s and not moderates:
        _refuse_haste(connection, who, now, timedelta(seconds=rules.slow_mode_s))
    if who.place.kind in OF_TWO and chat_rules.is_blocked_in(connection, who.room_id, who.identity):
        raise Refused("blocked")


def found_message(
    connection: sa.Connection, who: Identity, message_id: str, *, write: bool = False
) -> tuple[Message, Standing]:
    """A message of a room that they belong to; Refused("not_found") for any other."""
    message = messages.by_id(connection, message_id)
    if message is None:
        raise Refused("not_found")
    look = writing if write else reading
    there = look(connection, who, message.room_id)
    if write:  # what was read before the room was locked may have changed
        message = messages.by_id(connection, message_id)
        if message is None:
            raise Refused("not_found")
    return message, there


def living_message(
    connection: sa.Connection, who: Identity, message_id: str
) -> tuple[Message, Standing]:
    """The same, to be changed; Refused("message_gone") for one that was deleted."""
    message, there = found_message(connection, who, message_id, write=True)
    if message.deleted_at is not None:
        raise Refused("message_gone")
    return message, there


def _refuse_haste(
    connection: sa.Connection, who: Standing, now: datetime, pause: timedelta
) -> None:
    last = messages.newest_of(connection, who.room_id, who.identity)
    if last is None:
        return
    # A clock that went back makes nobody wait for longer than the pause.
    wait = min(last + pause - now, pause).total_seconds()
    if wait > 0:
        raise Refused("slow_mode", f"In {wait:.0f} s.", retry_after_s=wait)


def _grants(who: Identity, room_id: str, place: Place) -> Grants:
    if isinstance(who, Holder):
        # A token may be a robot's, which belongs to no room; a user's opens nothing without them.
        if who.claims.room != room_id or (place.known and place.role is None):
            raise Refused("not_found")
        return who.claims.grants
    if not isinstance(who, Person) or place.role is None:
        raise Refused("not_found")
    return grants_of(who, place.role)
