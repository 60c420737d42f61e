"""One's own authenticator app: set up, confirmed by a code, removed."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling import addresses
from signaling.auth.authenticators import Authenticators
from signaling.errors import Refused
from signaling.http import fields
from signaling.http.call import NOTHING, Answer, Call, Route

Code = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=32,
        pattern=r"^[0-9A-Za-z -]*$(?!\n)",
        description="six digits of the app, or a recovery code",
    ),
]


class AuthenticatorShown(msgspec.Struct, frozen=True):
    """Since when there is an app, null for none, and how many recovery codes are left."""

    set_up_at: datetime | None
    recovery_codes_left: int


class PasswordGiven(fields.Body, frozen=True):
    """Shows that the account is one's own."""

    password: fields.Password


class EnrolmentShown(msgspec.Struct, frozen=True):
    """What the app is told, by hand or by a picture of `address`; nobody is told again."""

    secret: str
    address: str


class CodeGiven(fields.Body, frozen=True):
    """A code that the app shows."""

    code: Code


class RecoveryCodes(msgspec.Struct, frozen=True):
    """Each does without the app once; nobody is told again."""

    codes: list[str]


class Removal(fields.Body, frozen=True):
    """The password, or a code."""

    password: fields.Password | None = None
    code: Code | None = None


class AuthenticatorRoutes:
    """Thin over Authenticators."""

    def __init__(self, authenticators: Authenticators) -> None:
        self._authenticators = authenticators

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_ME_AUTHENTICATOR,
                self.show,
                "Whether there is an authenticator app",
                answer=AuthenticatorShown,
            ),
            Route(
                "POST",
                addresses.API_ME_AUTHENTICATOR,
                self.begin,
                "Begin to set up an authenticator app",
                body=PasswordGiven,
                answer=EnrolmentShown,
                refusals=("wrong_credentials", "authenticator_set"),
                # Nobody keeps the secret but the app; another is made as easily.
                replayable=False,
            ),
            Route(
                "POST",
                addresses.API_ME_AUTHENTICATOR_CONFIRM,
                self.confirm,
                "Show that the app has it right, and get recovery codes",
                body=CodeGiven,
                answer=RecoveryCodes,
                refusals=("wrong_code", "not_found", "authenticator_set"),
            ),
            Route(
                "POST",
                addresses.API_ME_AUTHENTICATOR_REMOVE,
                self.remove,
                "Remove the authenticator app and its recovery codes",
                body=Removal,
                status=204,
                refusals=("wrong_credentials", "wrong_code", "not_found"),
            ),
        )

    async def show(self, call: Call) -> Answer:
        found = await self._authenticators.standing(call.person)
        return Answer(AuthenticatorShown(found.set_up_at, found.recovery_left))

    async def begin(self, call: Call) -> Answer:
        found = await self._authenticators.begin(
            call.person, call.body.password, call.device.address
        )
        return Answer(EnrolmentShown(found.secret, found.address))

    async def confirm(self, call: Call) -> Answer:
        codes = await self._authenticators.confirm(call.person, call.body.code, call.device.address)
        return Answer(RecoveryCodes(codes))

    async def remove(self, call: Call) -> Answer:
        body: Removal = call.body
        who, address = call.person, call.device.address
        if body.password is not None and body.code is None:
            await self._authenticators.remove_by_password(who, body.password, address)
        elif body.code is not None and body.password is None:
            await self._authenticators.remove_by_code(who, body.code, address)
        else:
            raise Refused("invalid", "Send a password or a code.")
        return NOTHING
