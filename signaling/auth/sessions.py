"""Sessions: opened by a sign-in, recognised at each request, refreshed, listed, ended.

A browser's session is an opaque cookie; any other client's is a short access token and a
refresh token that is good for one use.  A refresh token that comes twice was stolen from
somebody, so its whole session ends, unless the same client asked twice within ten seconds: two
tabs, or a lost answer.  Then only the second request is refused.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa

from signaling.audit import Act, detail
from signaling.auth.identity import Device, Holder, Identity, Person
from signaling.auth.tokens import AccessClaims, Signer
from signaling.errors import Refused
from signaling.identifiers import new_id
from signaling.store import Store, audit, sessions, users
from signaling.store.sessions import Session
from signaling.store.users import User

# Two refreshes of one client within this are a race and not a theft (HOSTILE A3).
RACE = timedelta(seconds=10)
# `used_at` is written at most so often: a busy client costs the store one write a minute.
NOTE_USE_EVERY = timedelta(seconds=60)
# SQLite takes some hundreds of variables in any build.
ASKED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long each thing lives."""

    access: timedelta
    session: timedelta


@dataclass(frozen=True, slots=True)
class Opened:
    """A session, and the secrets that prove it: a cookie, or a pair of tokens."""

    user: User
    session: Session
    cookie: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    access_seconds: int = 0


@dataclass(frozen=True, slots=True)
class _Reuse:
    """A refresh token came a second time: what to tell, after the ending is on disk."""

    code: str


class Sessions:
    """The service; `now` is the clock of the store."""

    def __init__(
        self, store: Store, signer: Signer, lifetimes: Lifetimes, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._signer = signer
        self._lifetimes = lifetimes
        self._now = now

    def draft(self, user: User, kind: str, device: Device) -> "Draft":
        """A session that exists once `Draft.save` ran in a transaction that was committed."""
        now = self._now()
        session = Session(
            id=new_id(now),
            user_id=user.id,
            kind=kind,
            client_id=device.client_id,
            address=device.address,
            agent=device.agent,
            created_at=now,
            used_at=now,
            expires_at=user.expires_at or now + self._lifetimes.session,
        )
        return Draft(user, session, secrets.token_urlsafe(32))

    def opened(self, draft: "Draft") -> Opened:
        """What the client gets for a draft that was saved."""
        if draft.session.kind == "cookie":
            return Opened(draft.user, draft.session, cookie=draft.secret)
        return self._tokens(draft.user, draft.session, draft.secret)

    async def open(self, user: User, kind: str, device: Device) -> Opened:
        """Sign the user in on a device."""
        draft = self.draft(user, kind, device)
        act = Act(user.id, "session.open", draft.session.id, device.address, detail(kind=kind))

        def work(connection: sa.Connection) -> None:
            draft.save(connection)
            audit.record(connection, act, draft.session.created_at)

        await self._store.write(work)
        return self.opened(draft)

    async def by_bearer(self, token: str, device: Device) -> Identity:
        """Whose bearer token this is; Refused with a 401 for any that is not good."""
        now = self._now()
        if self._signer.is_room_token(token):
            return Holder(self._signer.read_room(token, now))
        claims = self._signer.read_access(token, now)
        found = await self._store.read(
            lambda connection: _with_user(connection, sessions.by_id(connection, claims.session_id))
        )
        if found is None or found.user.id != claims.user_id:
            raise Refused("session_ended")
        return await self._alive(found, device)

    async def by_cookie(self, cookie: str, device: Device) -> Person:
        """Whose cookie this is; Refused with a 401 for any that is not good."""
        digest = _digest(cookie)
        found = await self._store.read(
            lambda connection: _with_user(connection, sessions.by_cookie(connection, digest))
        )
        if found is None:
            raise Refused("session_ended")
        return await self._alive(found, device)

    async def refresh(self, refresh_token: str, device: Device) -> Opened:
        """A new pair for an unused refresh token; a used one ends its session."""
        digest, fresh, now = _digest(refresh_token), secrets.token_urlsafe(32), self._now()

        def work(connection: sa.Connection) -> Person | _Reuse:
            return self._rotate(connection, digest, fresh, device, now)

        result = await self._store.write(work)
        if isinstance(result, _Reuse):
            raise Refused(result.code)
        return self._tokens(result.user, result.session, fresh)

    async def living(self, user_id: str) -> list[Session]:
        """The user's devices that are signed in."""
        now = self._now()
        return await self._store.read(lambda connection: sessions.living(connection, user_id, now))

    async def still_good(self, session_ids: tuple[str, ...]) -> set[str]:
        """Which of these sessions live; asked again and again for whoever stays connected."""
        now = self._now()
        good: set[str] = set()
        for start in range(0, len(session_ids), ASKED_AT_ONCE):
            some = session_ids[start : start + ASKED_AT_ONCE]
            good |= await self._store.read(
                partial(sessions.living_among, session_ids=some, now=now)
            )
        return good

    async def end(self, who: Person, session_id: str, address: str) -> None:
        """End one of one's own sessions; Refused("not_found") for anybody else's."""
        now = self._now()

        def work(connection: sa.Connection) -> None:
            session = sessions.by_id(connection, session_id)
            if session is None or session.user_id != who.user.id:
                raise Refused("not_found")
            if sessions.end(connection, session_id, "ended by its owner", now):
                audit.record(connection, Act(who.user.id, "session.end", session_id, address), now)

        await self._store.write(work)

    async def end_others(self, who: Person, address: str) -> int:
        """End all of one's sessions but this; how many."""
        now = self._now()

        def work(connection: sa.Connection) -> int:
            count = sessions.end_all(
                connection, who.user.id, "ended by its owner", now, keep=who.session.id
            )
            act = Act(who.user.id, "session.end_others", "", address, detail(count=count))
            audit.record(connection, act, now)
            return count

        return await self._store.write(work)

    async def _alive(self, found: Person, device: Device) -> Person:
        """The person, if the session still lives; notes that it was used."""
        now, session = self._now(), found.session
        if session.ended_at is not None or session.expires_at <= now:
            raise Refused("session_ended")
        if now - session.used_at >= NOTE_USE_EVERY:
            expires = found.user.expires_at or now + self._lifetimes.session
            await self._store.write(
                lambda connection: sessions.note_use(
                    connection, session.id, now, expires, device.address
                )
            )
        return found

    def _rotate(
        self, connection: sa.Connection, digest: str, fresh: str, device: Device, now: datetime
    ) -> Person | _Reuse:
        token = sessions.refresh(connection, digest)
        if token is None:
            raise Refused("unauthenticated", "The refresh token is not one of ours.")
        found = _with_user(connection, sessions.by_id(connection, token.session_id))
        if found is None or found.session.ended_at is not None or found.session.expires_at <= now:
            raise Refused("session_ended")
        if not sessions.use_refresh(connection, digest, now):
            return _reused(connection, found, digest, device, now)
        expires = found.user.expires_at or now + self._lifetimes.session
        sessions.note_use(connection, found.session.id, now, expires, device.address)
        sessions.add_refresh(connection, _digest(fresh), found.session.id, now)
        return found

    def _tokens(self, user: User, session: Session, refresh_token: str) -> Opened:
        claims = AccessClaims(session_id=session.id, user_id=user.id)
        return Opened(
            user,
            session,
            access_token=self._signer.access_token(claims, self._now(), self._lifetimes.access),
            refresh_token=refresh_token,
            access_seconds=int(self._lifetimes.access.total_seconds()),
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """A session that is about to be saved, and the one secret that only its client will know."""

    user: User
    session: Session
    secret: str = field(repr=False)

    def save(self, connection: sa.Connection) -> None:
        digest = _digest(self.secret)
        is_cookie = self.session.kind == "cookie"
        sessions.add(connection, self.session, digest if is_cookie else None)
        if not is_cookie:
            sessions.add_refresh(connection, digest, self.session.id, self.session.created_at)


def _reused(
    connection: sa.Connection, found: Person, digest: str, device: Device, now: datetime
) -> _Reuse:
    """Another use came first: a race of one client, or a theft that ends the session."""
    token = sessions.refresh(connection, digest)
    assert token is not None
    assert token.used_at is not None
    same_client = device.client_id != "" and device.client_id == found.session.client_id
    if same_client and now - token.used_at <= RACE:
        return _Reuse("refresh_raced")
    if sessions.end(connection, found.session.id, "a refresh token was used twice", now):
        act = Act(found.user.id, "session.stolen", found.session.id, device.address)
        audit.record(connection, act, now)
    return _Reuse("refresh_reused")


def _with_user(connection: sa.Connection, session: Session | None) -> Person | None:
    if session is None:
        return None
    user = users.by_id(connection, session.user_id)
    return None if user is None else Person(user, session)


def _digest(secret: str) -> str:
    """What the store keeps of a secret with 256 random bits: no salt or stretching needed."""
    # A cookie holds whatever bytes a client sent; aiohttp makes surrogates of those not in UTF-8.
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
