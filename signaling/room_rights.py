"""Who may decide about a room's people, and what every such act has in common.

Each runs in the caller's transaction, with the room's row locked.  It refuses to know which acts
there are.
"""

import sqlalchemy as sa

from signaling import call_turn
from signaling.audit import Act, detail
from signaling.auth.identity import Person
from signaling.errors import Refused
from signaling.rooms import belonging, grants_of
from signaling.store import audit, rooms, sessions, users
from signaling.store.rooms import Room
from signaling.streams import Happening

# Nobody does anything to somebody of their own rank or a higher one.
RANKS = {"guest": 0, "member": 1, "moderator": 2, "owner": 3}
ABOVE_ALL = 4
# Guests are here for one room only: out of it for another reason than these, they are signed out.
STILL_EXPECTED = {"left", "waiting"}


def may_moderate(connection: sa.Connection, who: Person, room_id: str) -> tuple[Room, int]:
    """The room, and one's rank in it; operators stand above everybody, in every room."""
    if who.at_least("operator") and who.session.grants is None:
        watched = rooms.by_id(connection, room_id)
        if watched is None:
            raise Refused("not_found")
        return watched, ABOVE_ALL
    room, role = belonging(connection, who, room_id)
    if not grants_of(who, role).moderate:
        raise Refused("forbidden", "Only the room's owner and moderators may.")
    # A guest may have been invited to moderate.
    return room, max(RANKS[role], RANKS["moderator"])


def moderating(happening: Happening, who: Person, room_id: str) -> tuple[Room, int]:
    """The same, with the room locked: what is decided now still holds at the commit."""
    rooms.lock_row(happening.connection, room_id)
    return may_moderate(happening.connection, who, room_id)


def above(happening: Happening, who: Person, room_id: str, user_id: str) -> str:
    """The role of a member whom one stands above; Refused unless one moderates the room, too."""
    _, rank = moderating(happening, who, room_id)
    role = rooms.member_role(happening.connection, room_id, user_id)
    if role is None:
        raise Refused("not_found")
    if RANKS[role] >= rank:
        raise Refused("forbidden", "They have your role or a higher one.")
    return role


def send_out(happening: Happening, room_id: str, user_id: str, actor: str, reason: str) -> None:
    """Out of the room and its call; a guest who is not expected back is signed out."""
    connection = happening.connection
    call_turn.remove(happening, room_id, user_id)
    if rooms.remove_member(connection, room_id, user_id):
        happening.append(room_id, "member.left", actor, {"user": user_id, "reason": reason})
    user = users.by_id(connection, user_id)
    if user is not None and user.role == "guest" and reason not in STILL_EXPECTED:
        sessions.end_of_room(connection, user_id, room_id, reason, happening.now)


def note(
    happening: Happening,
    who: Person,
    action: str,
    room_id: str,
    address: str,
    **more: str | int | bool | None,
) -> None:
    act = Act(who.user.id, action, room_id, address, detail(**more))
    audit.record(happening.connection, act, happening.now)
