"""Accounts: made, signed in, and given another password."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from signaling.audit import Act, detail
from signaling.auth.identity import Device, Person
from signaling.auth.names import account_name, look, shown_name
from signaling.auth.passwords import Passwords, refuse_weak
from signaling.auth.sessions import Opened, Sessions
from signaling.errors import Refused
from signaling.identifiers import new_id
from signaling.store import Store, audit, sessions, users
from signaling.store.users import NameTaken, User

CONSOLE = "the command line"


@dataclass(frozen=True, slots=True)
class Entry:
    """What somebody hands over at the door."""

    name: str
    password: str = field(repr=False)
    kind: str
    device: Device


class Accounts:
    """The service; sign-in limits are the door-keeper's business (`limits`)."""

    def __init__(
        self,
        store: Store,
        passwords: Passwords,
        sessions_: Sessions,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._sessions = sessions_
        self._now = now

    async def register(self, entry: Entry, nickname: str) -> Opened:
        """A new caller, signed in: account and session are one transaction."""
        user = await self._new_user(entry.name, entry.password, "caller", reserved=False)
        user = replace(user, nickname=shown_name(nickname) if nickname else "")
        draft = self._sessions.draft(user, entry.kind, entry.device)
        act = Act(user.id, "account.register", user.id, entry.device.address)

        def work(connection: sa.Connection) -> None:
            users.add(connection, user)
            draft.save(connection)
            audit.record(connection, act, user.created_at)

        await self._write_name(work)
        return self._sessions.opened(draft)

    async def create(self, name: str, password: str, role: str) -> User:
        """An account made by an administrator at the command line."""
        user = await self._new_user(name, password, role, reserved=True)
        act = Act(CONSOLE, "account.create", user.id, "", detail(role=role, name=user.name))

        def work(connection: sa.Connection) -> None:
            users.add(connection, user)
            audit.record(connection, act, user.created_at)

        await self._write_name(work)
        return user

    async def login(self, entry: Entry) -> Opened:
        """Signed in, or Refused: an unknown name takes as long as a wrong password."""
        key = look(entry.name.strip())
        user = await self._store.read(lambda connection: users.by_name_key(connection, key))
        right = await self._passwords.matches(
            None if user is None else user.password_hash, entry.password
        )
        if user is None or not right:
            raise Refused("wrong_credentials")
        if user.banned_at is not None:
            raise Refused("banned")
        return await self._sessions.open(user, entry.kind, entry.device)

    async def change_password(self, who: Person, current: str, new: str, address: str) -> None:
        """Set a new password; every other session of the account ends."""
        if not await self._passwords.matches(who.user.password_hash, current):
            raise Refused("wrong_credentials")
        await self._set_password(who.user, new, Act(who.user.id, "password.change"), who.session.id)

    async def reset_password(self, name: str, new: str) -> None:
        """Set a password from the command line; every session of the account ends."""
        user = await self.by_name(name)
        await self._set_password(user, new, Act(CONSOLE, "password.reset"), None)

    async def by_name(self, name: str) -> User:
        """The account with this name; Refused("not_found") if there is none."""
        key = look(name.strip())
        user = await self._store.read(lambda connection: users.by_name_key(connection, key))
        if user is None:
            raise Refused("not_found", f"There is no account named {name}.")
        return user

    async def _new_user(self, name: str, password: str, role: str, *, reserved: bool) -> User:
        accepted = account_name(name, reserved=reserved)
        refuse_weak(password, accepted.shown)
        now = self._now()
        return User(
            id=new_id(now),
            role=role,
            name=accepted.shown,
            name_key=accepted.key,
            password_hash=await self._passwords.hash(password),
            created_at=now,
        )

    async def _write_name(self, work: Callable[[sa.Connection], None]) -> None:
        try:
            await self._store.write(work)
        except NameTaken:
            raise Refused("name_taken") from None

    async def _set_password(self, user: User, new: str, act: Act, keep: str | None) -> None:
        refuse_weak(new, user.name)
        hashed, now = await self._passwords.hash(new), self._now()

        def work(connection: sa.Connection) -> None:
            users.change(connection, user.id, {"password_hash": hashed})
            sessions.end_all(connection, user.id, "the password was changed", now, keep=keep)
            audit.record(connection, replace(act, subject=user.id), now)

        await self._store.write(work)
