"""Quotas: how much the files of a person, and of a room, may take together."""

import sqlalchemy as sa

from signaling.config import Files
from signaling.errors import Refused
from signaling.store import files


def refuse_beyond(
    connection: sa.Connection, settings: Files, owner: tuple[str, str], size: int
) -> None:
    """Refused("quota_full") if there is no room for one more file of that size.

    `owner` is the person and the room, whose row the caller has locked.
    """
    user_id, room_id = owner
    person = files.usage_of_person(connection, user_id)
    room = files.usage_of_room(connection, room_id)
    if person.count >= settings.person_files:
        raise Refused("quota_full", f"You have {person.count} files, and no more may be.")
    if person.size + size > settings.person_bytes:
        raise Refused("quota_full", f"Yours take {person.size} of {settings.person_bytes} bytes.")
    if room.size + size > settings.room_bytes:
        raise Refused("quota_full", f"The room's take {room.size} of {settings.room_bytes} bytes.")
