"""Guests: a name and an invitation, and no account."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from signaling.audit import Act, detail
from signaling.auth.identity import Device
from signaling.auth.names import shown_name
from signaling.auth.passwords import Passwords
from signaling.auth.sessions import Draft, Opened, Sessions
from signaling.errors import Refused
from signaling.identifiers import new_id
from signaling.rooms import come_in, refuse_wrong_pin
from signaling.store import Store, audit, rooms, users
from signaling.store.rooms import Invitation
from signaling.store.users import User
from signaling.streams import Happening, Streams


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a guest hands over at the door."""

    name: str
    code: str
    pin: str = field(repr=False)
    kind: str
    device: Device


class Guests:
    """The service; how often somebody may try a PIN is the door-keeper's business (`limits`)."""

    def __init__(
        self,
        store: Store,
        streams: Streams,
        passwords: Passwords,
        sessions: Sessions,
        now: Callable[[], datetime],
        *,
        life: timedelta,
    ) -> None:
        self._store = store
        self._streams = streams
        self._passwords = passwords
        self._sessions = sessions
        self._now = now
        self._life = life

    async def enter(self, arrival: Arrival) -> Opened:
        """A guest of the invitation's room, signed in for as long as guests may stay."""
        invitation = await self._invitation(arrival.code)
        await refuse_wrong_pin(self._passwords, invitation, arrival.pin)
        draft = self._draft(arrival, invitation)
        await self._streams.write(lambda happening: _save(happening, draft, invitation))
        return self._sessions.opened(draft)

    async def _invitation(self, code: str) -> Invitation:
        found = await self._store.read(
            lambda connection: rooms.invitation_by_code(connection, code)
        )
        if found is None:
            raise Refused("not_found", "There is no such invitation.")
        return found

    def _draft(self, arrival: Arrival, invitation: Invitation) -> Draft:
        now = self._now()
        user = User(
            id=new_id(now),
            role="guest",
            name=shown_name(arrival.name),
            created_at=now,
            expires_at=now + self._life,
        )
        draft = self._sessions.draft(user, arrival.kind, arrival.device)
        session = replace(draft.session, room_id=invitation.room_id, grants=invitation.grants)
        return replace(draft, session=session)


def _save(happening: Happening, draft: Draft, invitation: Invitation) -> None:
    """The use of the invitation, the guest and the session, or none of them."""
    connection, user = happening.connection, draft.user
    users.add(connection, user)
    come_in(happening, invitation, user.id, "guest", draft.session.address)
    draft.save(connection)
    act = Act(
        user.id,
        "guest.enter",
        invitation.room_id,
        draft.session.address,
        detail(invitation=invitation.id, name=user.name),
    )
    audit.record(connection, act, draft.session.created_at)
