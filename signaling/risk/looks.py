"""Who looks at the risk board, what they may see of it, what operators judge otherwise, and the
audit of it all.

It refuses to know how scores come about (`risk`) and HTTP.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from signaling import noting
from signaling.audit import Act, detail
from signaling.auth.identity import Person
from signaling.errors import Refused
from signaling.risk.board import Board, Standing
from signaling.risk.rules import sees_all
from signaling.rooms import belonging, grants_of
from signaling.store import Store, alerts, audit, calls, consents, risk_scores
from signaling.store.alerts import Override
from signaling.store.calls import Call
from signaling.store.consents import DetectionRules
from signaling.store.risk_scores import StoredScore, Wanted


@dataclass(frozen=True, slots=True)
class _Viewer:
    """Somebody in the room of a call (`risk_rules.Viewer`)."""

    observes_risk: bool
    moderates: bool


class Looks:
    """The service."""

    def __init__(
        self, store: Store, board: Board, defaults: DetectionRules, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._board = board
        self._defaults = defaults
        self._now = now

    async def everywhere(self, who: Person, address: str) -> list[Standing]:
        """Everybody who sends in any room."""
        act = Act(who.user.id, "risk.look", "", address)
        await self._store.write(lambda connection: audit.record(connection, act, self._now()))
        return self._board.now()

    async def now(self, who: Person, call_id: str, address: str) -> tuple[str, list[Standing]]:
        """The room of a call, and those in it whom one may see."""

        def work(connection: sa.Connection) -> tuple[Call, str]:
            call, only = self._seen_by(connection, who, call_id)
            noting.note(connection, who, "risk.look", call_id, address=address, now=self._now())
            return call, only

        call, only = await self._store.write(work)
        found = self._board.now(call.room_id) if call.open else []
        return call.room_id, [one for one in found if only in {"", one.who.identity}]

    async def past(
        self, who: Person, wanted: Wanted, before: str, limit: int, address: str
    ) -> list[StoredScore]:
        """What was said in a call about those whom one may see, the newest first."""

        def work(connection: sa.Connection) -> list[StoredScore]:
            _, only = self._seen_by(connection, who, wanted.call_id)
            if only not in {"", wanted.identity or only}:
                raise Refused("forbidden", "Only your own score is yours to see here.")
            asked = replace(wanted, identity=only or wanted.identity)
            noting.note(
                connection, who, "risk.history", wanted.call_id, address=address, now=self._now()
            )
            return risk_scores.page(connection, asked, before, limit)

        return await self._store.write(work)

    async def judge(
        self, who: Person, call_id: str, identity: str, said: tuple[str, str], address: str
    ) -> None:
        """An operator says, with a note, how somebody in a call stands."""
        state, note = said

        def work(connection: sa.Connection) -> None:
            call = calls.by_id(connection, call_id)
            if call is None:
                raise Refused("not_found")
            now = self._now()
            override = Override(call.room_id, call_id, identity, state, note, who.user.id, now)
            alerts.set_override(connection, override)
            more = detail(user=identity, state=state, note=note)
            audit.record(connection, Act(who.user.id, "risk.judge", call_id, address, more), now)

        await self._store.write(work)

    async def unjudge(self, who: Person, call_id: str, identity: str, address: str) -> None:
        """The score alone counts again."""

        def work(connection: sa.Connection) -> None:
            if not alerts.end_override(connection, call_id, identity):
                raise Refused("not_found")
            act = Act(who.user.id, "risk.unjudge", call_id, address, detail(user=identity))
            audit.record(connection, act, self._now())

        await self._store.write(work)

    def _seen_by(self, connection: sa.Connection, who: Person, call_id: str) -> tuple[Call, str]:
        """The call, and whose score alone may be seen; empty for everybody's."""
        call = calls.by_id(connection, call_id)
        if call is None:
            raise Refused("not_found")
        if who.at_least("operator"):
            return call, ""
        _, role = belonging(connection, who, call.room_id)
        rules = consents.rules_of(connection, call.room_id) or self._defaults
        grants = grants_of(who, role)
        if sees_all(_Viewer(grants.observe_risk, grants.moderate), rules):
            return call, ""
        if not rules.own_seen:
            raise Refused("forbidden", "The room's rules show you no scores.")
        return call, who.user.id
