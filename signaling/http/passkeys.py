"""One's own passkeys: made, listed, removed."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from signaling import addresses
from signaling.auth import webauthn
from signaling.auth.passkeys import Passkeys
from signaling.errors import Refused
from signaling.http import fields
from signaling.http.authenticators import PasswordGiven
from signaling.http.call import NOTHING, Answer, Call, Route
from signaling.store.passkeys import Passkey

Octets = Annotated[
    str, Meta(max_length=8192, pattern=r"^[A-Za-z0-9_-]*$(?!\n)", description="base64url")
]


class PasskeyWanted(msgspec.Struct, frozen=True):
    """What `navigator.credentials.create` is to be told; bytes are base64url."""

    challenge: str
    rp_id: str
    user_id: str
    name: str
    algorithms: tuple[int, ...]
    exclude: tuple[str, ...]


class PasskeyMade(fields.Body, frozen=True):
    """What `navigator.credentials.create` gave, and a name to know the passkey by."""

    name: Annotated[fields.ShownName, Meta(min_length=1)]
    attestation: Octets
    client_data: Octets


class PasskeyShown(msgspec.Struct, frozen=True):
    """A passkey, and when it was last used."""

    id: str
    name: str
    made_at: datetime
    used_at: datetime | None


class PasskeyList(msgspec.Struct, frozen=True):
    """In the order of their making."""

    passkeys: list[PasskeyShown]


class PasskeyRoutes:
    """Thin over Passkeys."""

    def __init__(self, passkeys: Passkeys) -> None:
        self._passkeys = passkeys

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_ME_PASSKEYS,
                self.list,
                "One's passkeys",
                answer=PasskeyList,
            ),
            Route(
                "POST",
                addresses.API_ME_PASSKEYS_BEGIN,
                self.begin,
                "Begin to make a passkey",
                body=PasswordGiven,
                answer=PasskeyWanted,
                refusals=("wrong_credentials",),
                # The challenge is good once: another one is made as easily.
                replayable=False,
            ),
            Route(
                "POST",
                addresses.API_ME_PASSKEYS,
                self.finish,
                "Keep a passkey that was made",
                body=PasskeyMade,
                answer=PasskeyShown,
                status=201,
                refusals=("passkey_refused",),
            ),
            Route(
                "DELETE",
                addresses.API_ME_PASSKEY,
                self.remove,
                "Remove a passkey",
                status=204,
                refusals=("not_found",),
            ),
        )

    async def list(self, call: Call) -> Answer:
        found = await self._passkeys.listed(call.person)
        return Answer(PasskeyList([_shown(each) for each in found]))

    async def begin(self, call: Call) -> Answer:
        who = call.person
        asked = await self._passkeys.begin(who, call.body.password, call.device.address)
        wanted = PasskeyWanted(
            challenge=webauthn.text_of(asked.challenge),
            rp_id=asked.rp_id,
            user_id=webauthn.text_of(who.user.id.encode()),
            name=who.user.name,
            algorithms=webauthn.ALGORITHMS,
            exclude=tuple(map(webauthn.text_of, asked.credentials)),
        )
        return Answer(wanted)

    async def finish(self, call: Call) -> Answer:
        body: PasskeyMade = call.body
        made = _octets(body.attestation), _octets(body.client_data)
        passkey = await self._passkeys.finish(call.person, body.name, made, call.device.address)
        return Answer(_shown(passkey), status=201)

    async def remove(self, call: Call) -> Answer:
        await self._passkeys.remove(call.person, call.path["passkey"], call.device.address)
        return NOTHING


def _octets(text: str) -> bytes:
    try:
        return webauthn.bytes_of(text)
    except webauthn.Unacceptable as error:
        raise Refused("invalid", f"{error}.") from None


def _shown(passkey: Passkey) -> PasskeyShown:
    return PasskeyShown(passkey.id, passkey.name, passkey.made_at, passkey.used_at)
