"""An account's standing: its role, its membership, and whether it is closed."""

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa

from signaling.audit import Act, detail
from signaling.auth.identity import RANKS, Person
from signaling.errors import Refused
from signaling.store import Store, audit, sessions, users
from signaling.store.users import User


class Standing:
    """The service: what operators and administrators do to accounts."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    async def ban(self, actor: Person, user_id: str, reason: str, address: str) -> None:
        """Close an account of a lower role: its sessions end in the same transaction."""
        now = self._now()

        def work(connection: sa.Connection) -> None:
            _of_lower_role(connection, actor, user_id)
            users.change(connection, user_id, {"banned_at": now, "ban_reason": reason})
            sessions.end_all(connection, user_id, "banned", now)
            act = Act(actor.user.id, "account.ban", user_id, address, detail(reason=reason))
            audit.record(connection, act, now)

        await self._store.write(work)

    async def unban(self, actor: Person, user_id: str, address: str) -> None:
        """Open a closed account again; its sessions stay ended."""
        now = self._now()

        def work(connection: sa.Connection) -> None:
            _of_lower_role(connection, actor, user_id)
            users.change(connection, user_id, {"banned_at": None, "ban_reason": None})
            audit.record(connection, Act(actor.user.id, "account.unban", user_id, address), now)

        await self._store.write(work)

    async def set_role(self, actor: str, user_id: str, role: str, address: str) -> None:
        """Give an account another role; guests have no account and keep theirs."""
        now = self._now()

        def work(connection: sa.Connection) -> None:
            user = users.by_id(connection, user_id)
            if user is None or user.role == "guest":
                raise Refused("not_found")
            users.change(connection, user_id, {"role": role})
            change = detail(before=user.role, after=role)
            audit.record(connection, Act(actor, "account.role", user_id, address, change), now)

        await self._store.write(work)

    async def set_membership(self, actor: str, user_id: str, membership: str, address: str) -> None:
        """Give an account another membership."""
        now = self._now()

        def work(connection: sa.Connection) -> None:
            user = users.by_id(connection, user_id)
            if user is None or user.role == "guest":
                raise Refused("not_found")
            users.change(connection, user_id, {"membership": membership})
            change = detail(before=user.membership, after=membership)
            audit.record(
                connection, Act(actor, "account.membership", user_id, address, change), now
            )

        await self._store.write(work)


def _of_lower_role(connection: sa.Connection, actor: Person, user_id: str) -> User:
    """The user, if the actor stands above them; operators do not ban each other."""
    user = users.by_id(connection, user_id)
    if user is None:
        raise Refused("not_found")
    if RANKS[user.role] >= RANKS[actor.user.role]:
        raise Refused("forbidden", "That account has your role or a higher one.")
    return user
