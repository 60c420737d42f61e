"""Somebody with an authenticator app, and what the app shows."""

import base64
from datetime import UTC, datetime

from signaling.app import Candor
from signaling.auth import totp
from signaling.auth.authenticators import Authenticators, Enrolment, Shown
from signaling.auth.confirming import Confirming
from signaling.auth.identity import Device, Person
from tests.client import PASSWORD
from tests.clock import Clock
from tests.conftest import SECRET

HERE = "192.0.2.7"


def shown_by_app(secret: str, moment: datetime) -> str:
    """What an app shows that was told this secret."""
    return totp.code_of(base64.b32decode(secret), totp.step_at(moment))


class Owner:
    """Ada with an app; time is moved by hand."""

    def __init__(self, candor: Candor, who: Person) -> None:
        self.store, self.who = candor.store, who
        self.clock = Clock(datetime(2030, 1, 1, tzinfo=UTC))
        confirming = Confirming(candor.door, candor.passwords)
        self.service = Authenticators(candor.store, candor.door, confirming, SECRET, self.clock)
        self.app = Enrolment("", "")
        self.recovery: list[str] = []

    def code(self) -> str:
        return shown_by_app(self.app.secret, self.clock())

    async def set_up(self) -> None:
        self.app = await self.service.begin(self.who, PASSWORD, HERE)
        self.recovery = await self.service.confirm(self.who, self.code(), HERE)
        self.clock.forward(totp.STEP)

    async def check(self, code: str) -> Shown:
        return await self.service.check(self.who, code, HERE)


async def owner_of(candor: Candor, name: str) -> Owner:
    """A new account, signed in, without an app so far."""
    user = await candor.accounts.create(name, PASSWORD, "caller")
    opened = await candor.sessions.open(user, "bearer", Device(HERE, "test"))
    return Owner(candor, Person(user, opened.session))
