"""Order in a chat: rules of a room, complaints, people who do not want to hear each other.

What moderators and operators do is audited.  Legal hold is an operator's: while it lasts, nothing
that was said in the room is forgotten.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from signaling.audit import Act, detail
from signaling.auth.identity import Person
from signaling.chat import standing
from signaling.chat.changing import delete_by_moderator
from signaling.chat.standing import Standing
from signaling.errors import Refused
from signaling.identifiers import new_id
from signaling.store import Store, audit, chat_rules, messages, reports, rooms, users
from signaling.store.chat_rules import Rules
from signaling.store.reports import Report
from signaling.streams import Happening, Streams


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a complaint, and whether the message goes with it."""

    outcome: str
    delete: bool


class Order:
    """The service."""

    def __init__(self, store: Store, streams: Streams, now: Callable[[], datetime]) -> None:
        self._store = store
        self._streams = streams
        self._now = now

    # --- rules ---

    async def rules(self, who: Person, room_id: str) -> Rules:
        """What the room's chat is under, for everybody in it and for operators."""

        def work(connection: sa.Connection) -> Rules:
            if who.at_least("operator"):
                return _place(connection, who, room_id).rules
            return standing.reading(connection, who, room_id).place.rules

        return await self._store.read(work)

    async def set_rules(
        self, who: Person, room_id: str, wanted: dict[str, Any], address: str
    ) -> Rules:
        """Change some of slow_mode_s, read_only, keep_days, keep_files_days; for moderators."""

        def work(happening: Happening) -> Rules:
            there = _moderating(happening.connection, who, room_id)
            before = asdict(there.place.rules)
            changed = {name: value for name, value in wanted.items() if before[name] != value}
            if not changed:
                return there.place.rules
            chat_rules.change(happening.connection, room_id, **changed)
            happening.append(room_id, "chat.rules", who.user.id, changed)
            _note(happening, Act(who.user.id, "chat.rules", room_id, address, detail(**changed)))
            return Rules(**(before | changed))

        return await self._streams.write(work)

    async def hold(self, who: Person, room_id: str, address: str, *, on: bool) -> None:
        """Begin or end a legal hold; the room is not told."""

        def work(happening: Happening) -> None:
            place = _place(happening.connection, who, room_id)
            if (place.rules.held_at is not None) == on:
                return
            values = {"held_at": happening.now, "held_by": who.user.id} if on else {}
            chat_rules.change(
                happening.connection, room_id, **({"held_at": None, "held_by": None} | values)
            )
            _note(happening, Act(who.user.id, "chat.hold", room_id, address, detail(on=on)))

        await self._streams.write(work)

    # --- complaints ---

    async def report(self, who: Person, message_id: str, reason: str) -> None:
        """Tell moderators and operators that something is wrong with a message."""

        def work(happening: Happening) -> None:
            message, _ = standing.living_message(happening.connection, who, message_id)
            report = Report(
                id=new_id(happening.now),
                room_id=message.room_id,
                message_id=message.id,
                sender=message.sender,
                text=message.text,
                reported_by=who.user.id,
                reason=reason,
                reported_at=happening.now,
            )
            reports.add(happening.connection, report)

        await self._streams.write(work)

    async def reports(
        self, who: Person, room_id: str, before: str, limit: int, *, is_open: bool
    ) -> list[Report]:
        """Complaints, newest first: of a room for its moderators, of all rooms for operators."""

        def work(connection: sa.Connection) -> list[Report]:
            if not who.at_least("operator"):
                _moderating(connection, who, room_id)
            return reports.page(connection, room_id, before, limit, is_open=is_open)

        return await self._store.read(work)

    async def close_report(
        self, who: Person, report_id: str, decided: Decided, address: str
    ) -> Report:
        """Decide about a complaint; once."""
        if decided.delete and decided.outcome != "upheld":
            raise Refused("invalid", "delete: only what was rightly complained of.")

        def work(happening: Happening) -> Report:
            connection = happening.connection
            report = reports.by_id(connection, report_id)
            if report is None:
                raise Refused("not_found")
            if not who.at_least("operator"):
                _moderating(connection, who, report.room_id)
            if report.closed_at is None:
                outcome = decided.outcome
                values = {"closed_at": happening.now, "closed_by": who.user.id, "outcome": outcome}
                reports.close(connection, report_id, **values)
                more = detail(message=report.message_id, outcome=outcome)
                _note(happening, Act(who.user.id, "chat.report", report_id, address, more))
                if decided.delete:
                    _delete(happening, who, report, address)
            found = reports.by_id(connection, report_id)
            assert found is not None, "it was there a moment ago"
            return found

        return await self._streams.write(work)

    # --- people ---

    async def block(self, who: Person, user_id: str, *, on: bool) -> None:
        """Take no direct messages from somebody, and count nothing of theirs as unread."""
        now = self._now()

        def work(connection: sa.Connection) -> None:
            if user_id == who.user.id:
                raise Refused("invalid", "user: that is you.")
            if not on:
                chat_rules.unblock(connection, who.user.id, user_id)
                return
            near = who.user.role != "guest" or rooms.share_a_room(connection, who.user.id, user_id)
            if not near or users.by_id(connection, user_id) is None:
                raise Refused("not_found")
            chat_rules.block(connection, who.user.id, user_id, now)

        await self._store.write(work)

    async def blocked(self, who: Person) -> list[tuple[str, datetime]]:
        """Whom one has blocked, newest first."""
        return await self._store.read(lambda c: chat_rules.blocked_by(c, who.user.id))


def _place(connection: sa.Connection, who: Person, room_id: str) -> chat_rules.Place:
    """For operators, who belong to no room."""
    place = chat_rules.place(connection, room_id, who.user.id, locked=False)
    if place is None:
        raise Refused("not_found")
    return place


def _moderating(connection: sa.Connection, who: Person, room_id: str) -> Standing:
    there = standing.standing(connection, who, room_id)
    if not there.grants.moderate:
        raise Refused("forbidden", "Only the room's owner and moderators may.")
    return there


def _delete(happening: Happening, who: Person, report: Report, address: str) -> None:
    """Make a tombstone of the message that somebody complained of, unless it is one by now."""
    connection, room_id = happening.connection, report.room_id
    rooms.lock_row(connection, room_id)
    message = messages.by_id(connection, report.message_id)
    if message is None or message.deleted_at is not None:
        return
    held = _place(connection, who, room_id).rules.held_at is not None
    delete_by_moderator(happening, message, who.user.id, address, held=held)


def _note(happening: Happening, act: Act) -> None:
    audit.record(happening.connection, act, happening.now)
