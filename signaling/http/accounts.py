"""Registering, signing in and out, refreshing, passwords and sessions."""

from dataclasses import replace
from datetime import datetime
from typing import Literal

import msgspec

from signaling import addresses
from signaling.auth.accounts import Accounts, Entry
from signaling.auth.door import Door
from signaling.auth.guests import Arrival, Guests
from signaling.auth.identity import Device
from signaling.auth.sessions import Opened, Sessions
from signaling.errors import Refused
from signaling.http import fields
from signaling.http.call import NOTHING, Allow, Answer, Call, Cookie, Route
from signaling.store.sessions import Session

# The store says when a session ends; the browser only has to keep the cookie longer than that,
# and keeps none for more than 400 days (RFC 6265bis).
COOKIE_SECONDS = 400 * 24 * 3600

Kind = Literal["bearer", "cookie"]


class Register(fields.Body, frozen=True):
    """A new account."""

    name: fields.AccountName
    password: fields.Password
    nickname: fields.ShownName = ""
    session: Kind = "bearer"
    client_id: fields.ClientId = ""


class Login(fields.Body, frozen=True):
    """Name and password; `cookie` for Candor's own pages, `bearer` for any other client."""

    name: fields.AccountName
    password: fields.Password
    session: Kind = "bearer"
    client_id: fields.ClientId = ""


class GuestEntry(fields.Body, frozen=True):
    """A name and the code of an invitation."""

    name: fields.ShownName
    invitation: fields.Opaque
    pin: fields.Pin = ""
    session: Kind = "bearer"
    client_id: fields.ClientId = ""


class Refresh(fields.Body, frozen=True):
    """The newest refresh token of a session."""

    refresh_token: fields.Opaque
    client_id: fields.ClientId = ""


class PasswordChange(fields.Body, frozen=True):
    """The password as it is and as it shall be."""

    current: fields.Password
    new: fields.Password


class SignedIn(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who is signed in now; the tokens are there for `bearer` sessions only."""

    user_id: str
    name: str
    role: str
    session_id: str
    expires_at: datetime
    room: str | None = None
    access_token: str | None = None
    access_seconds: int = 0
    refresh_token: str | None = None
    token_type: str = "Bearer"  # noqa: S105 (the name of a scheme)


class SessionShown(msgspec.Struct, frozen=True):
    """One device that is signed in."""

    id: str
    kind: str
    address: str
    agent: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime
    this: bool


class SessionList(msgspec.Struct, frozen=True):
    """All devices that are signed in, last used first."""

    sessions: list[SessionShown]


class AccountRoutes:
    """The door: thin over Accounts, Guests and Sessions."""

    def __init__(
        self,
        accounts: Accounts,
        guests: Guests,
        sessions: Sessions,
        door: Door,
        *,
        registration_open: bool,
    ) -> None:
        self._accounts = accounts
        self._guests = guests
        self._sessions = sessions
        self._door = door
        self._registration_open = registration_open

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "POST",
                addresses.AUTH_REGISTER,
                self.register,
                "Make an account and sign in",
                Allow.ANYONE,
                body=Register,
                answer=SignedIn,
                status=201,
                refusals=("name_refused", "name_taken", "weak_password", "registration_closed"),
            ),
            Route(
                "POST",
                addresses.AUTH_LOGIN,
                self.login,
                "Sign in",
                Allow.ANYONE,
                body=Login,
                answer=SignedIn,
                refusals=("wrong_credentials", "banned"),
            ),
            Route(
                "POST",
                addresses.AUTH_GUEST,
                self.enter,
                "Come in as a guest, with a name and an invitation",
                Allow.ANYONE,
                body=GuestEntry,
                answer=SignedIn,
                status=201,
                refusals=(
                    "not_found",
                    "invitation_spent",
                    "wrong_pin",
                    "name_refused",
                    "room_locked",
                    "room_full",
                ),
            ),
            Route(
                "POST",
                addresses.AUTH_REFRESH,
                self.refresh,
                "Exchange a refresh token for a new pair; each is good once",
                Allow.ANYONE,
                body=Refresh,
                answer=SignedIn,
                refusals=("refresh_reused", "refresh_raced", "session_ended", "unauthenticated"),
                replayable=False,
            ),
            Route(
                "POST",
                addresses.AUTH_LOGOUT,
                self.logout,
                "End this session",
                Allow.GUEST,
                status=204,
            ),
            Route(
                "POST",
                addresses.AUTH_PASSWORD,
                self.change_password,
                "Change the password; every other session ends",
                body=PasswordChange,
                status=204,
                refusals=("wrong_credentials", "weak_password"),
            ),
            Route(
                "GET",
                addresses.AUTH_SESSIONS,
                self.list_sessions,
                "Devices that are signed in",
                Allow.GUEST,
                answer=SessionList,
            ),
            Route(
                "DELETE",
                addresses.AUTH_SESSIONS,
                self.end_other_sessions,
                "End all sessions but this",
                status=204,
            ),
            Route(
                "DELETE",
                addresses.AUTH_SESSION,
                self.end_session,
                "End one of one's own sessions",
                Allow.GUEST,
                status=204,
                refusals=("not_found",),
            ),
        )

    async def register(self, call: Call) -> Answer:
        if not self._registration_open:
            raise Refused("registration_closed")
        self._door.entry(call.device.address)
        body: Register = call.body
        entry = Entry(body.name, body.password, body.session, _device(call, body.client_id))
        return _signed_in(await self._accounts.register(entry, body.nickname), status=201)

    async def login(self, call: Call) -> Answer:
        body: Login = call.body
        entry = Entry(body.name, body.password, body.session, _device(call, body.client_id))
        async with self._door.login(body.name, call.device.address):
            return _signed_in(await self._accounts.login(entry))

    async def enter(self, call: Call) -> Answer:
        body: GuestEntry = call.body
        self._door.entry(call.device.address)
        device = _device(call, body.client_id)
        arrival = Arrival(body.name, body.invitation, body.pin, body.session, device)
        with self._door.pin(body.invitation):
            return _signed_in(await self._guests.enter(arrival), status=201)

    async def refresh(self, call: Call) -> Answer:
        body: Refresh = call.body
        device = _device(call, body.client_id)
        return _signed_in(await self._sessions.refresh(body.refresh_token, device))

    async def logout(self, call: Call) -> Answer:
        who = call.person
        await self._sessions.end(who, who.session.id, call.device.address)
        return Answer(status=204, cookie=Cookie("", 0))

    async def change_password(self, call: Call) -> Answer:
        body: PasswordChange = call.body
        who = call.person
        address = call.device.address
        async with self._door.login(who.user.name, address):
            await self._accounts.change_password(who, body.current, body.new, address)
        return NOTHING

    async def list_sessions(self, call: Call) -> Answer:
        who = call.person
        living = await self._sessions.living(who.user.id)
        return Answer(SessionList([_shown(session, who.session.id) for session in living]))

    async def end_other_sessions(self, call: Call) -> Answer:
        await self._sessions.end_others(call.person, call.device.address)
        return NOTHING

    async def end_session(self, call: Call) -> Answer:
        await self._sessions.end(call.person, call.path["session"], call.device.address)
        return NOTHING


def _device(call: Call, client_id: str) -> Device:
    return replace(call.device, client_id=client_id)


def _signed_in(opened: Opened, status: int = 200) -> Answer:
    session, user = opened.session, opened.user
    body = SignedIn(
        user_id=user.id,
        name=user.name,
        role=user.role,
        session_id=session.id,
        expires_at=session.expires_at,
        room=session.room_id,
        access_token=opened.access_token,
        access_seconds=opened.access_seconds,
        refresh_token=opened.refresh_token,
    )
    if opened.cookie is None:
        return Answer(body, status)
    return Answer(body, status, cookie=Cookie(opened.cookie, COOKIE_SECONDS))


def _shown(session: Session, this: str) -> SessionShown:
    return SessionShown(
        id=session.id,
        kind=session.kind,
        address=session.address,
        agent=session.agent,
        created_at=session.created_at,
        used_at=session.used_at,
        expires_at=session.expires_at,
        this=session.id == this,
    )
