"""What a client's session gets of the house: the services behind one small interface.

Knows every service by name and none by heart, as `app` does.
"""

from functools import partial
from typing import Any

import msgspec

from signaling.app import Candor
from signaling.auth.identity import Device
from signaling.protocol import MemberShown
from signaling.session import Services
from signaling.store import calls, rooms


def seat(candor: Candor, device: Device) -> Services:
    """For a client on this device."""
    return Services(
        streams=candor.streams,
        media=candor.media,
        attendance=candor.attendance,
        returning=candor.returning,
        authenticate=lambda token: candor.sessions.by_bearer(token, device),
        grants=candor.rooms.grants,
        note_presence=candor.people.note,
        members=partial(_members, candor),
        call=partial(_call, candor),
    )


async def _members(candor: Candor, room_id: str) -> tuple[MemberShown, ...]:
    now = candor.now()
    found = await candor.store.read(lambda connection: rooms.members(connection, room_id, now))
    return tuple(
        MemberShown(
            identity=one.user_id,
            name=one.nickname or one.name,
            role=one.role,
            silenced=tuple(one.silenced.replace(",", " ").split()),
        )
        for one in found
    )


async def _call(candor: Candor, room_id: str) -> dict[str, Any] | None:
    """The call that is going on, as its events tell of it."""
    call = await candor.store.read(lambda connection: calls.open_in(connection, room_id))
    if call is None:
        return None
    shown: dict[str, Any] = msgspec.to_builtins(call)
    return shown
