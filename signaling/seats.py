"""What a client's session gets of the house: the services behind one small interface.

Knows every service by name and none by heart, as `app` does.
"""

from functools import partial
from typing import Any

import msgspec
import sqlalchemy as sa

from signaling.app import Candor
from signaling.audit import Act
from signaling.auth.identity import Device
from signaling.presence import status
from signaling.protocol import CallStanding, MemberShown
from signaling.session import Services
from signaling.store import audit, calls, rooms, users
from signaling.store.rooms import Member
from signaling.store.users import Seen


def seat(candor: Candor, device: Device) -> Services:
    """For a client on this device."""
    return Services(
        streams=candor.streams,
        media=candor.media,
        attendance=candor.attendance,
        returning=candor.returning,
        chat=candor.chat,
        challenges=candor.challenges,
        authenticate=lambda token: candor.sessions.by_bearer(token, device),
        grants=candor.rooms.grants,
        presence=candor.presence,
        members=partial(_members, candor),
        call=partial(_call, candor),
        calls=partial(_calls, candor),
        record=partial(_record, candor),
        consents=candor.watching.consents,
        looking=candor.watching.looking,
        board=candor.watching.board,
        proving=candor.proving,
        authenticators=candor.authenticators,
        passkeys=candor.passkeys,
        address=device.address,
    )


async def _members(candor: Candor, room_id: str) -> tuple[MemberShown, ...]:
    now = candor.now()

    def work(connection: sa.Connection) -> tuple[list[Member], dict[str, Seen]]:
        found = rooms.members(connection, room_id, now)
        return found, users.seen_of(connection, [one.user_id for one in found])

    found, seen = await candor.store.read(work)
    return tuple(
        MemberShown(
            identity=one.user_id,
            name=one.nickname or one.name,
            role=one.role,
            status=status(seen.get(one.user_id), now),
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


async def _calls(candor: Candor, identity: str) -> tuple[CallStanding, ...]:
    found = await candor.store.read(lambda connection: calls.standing_of(connection, identity))
    return tuple(
        CallStanding(
            call=call.id,
            room=call.room_id,
            medium=call.medium,
            caller=call.started_by,
            state=state,
        )
        for call, state in found
    )


async def _record(candor: Candor, act: Act) -> None:
    await candor.store.write(lambda connection: audit.record(connection, act, candor.now()))
