"""One's own face and voice, remembered from call to call: agreed to, looked at, forgotten."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from signaling import addresses
from signaling.http import fields
from signaling.http.call import NOTHING, Answer, Call, Route
from signaling.protocol import ConsentVersion
from signaling.risk import enrolling
from signaling.risk.enrolling import Enrolling


class EnrolmentShown(msgspec.Struct, frozen=True):
    """When one agreed, null for not at all; when `face` and `voice` were learned; and the text of
    the version that is asked about, in English."""

    agreed_at: datetime | None
    learned: Mapping[str, datetime]
    version: str
    text: str


class Agreement(fields.Body, frozen=True):
    """The text that was read, and the password, which shows that the account is one's own."""

    version: ConsentVersion
    password: fields.Password


class EnrolmentRoutes:
    """Thin over Enrolling."""

    def __init__(self, enrolling_: Enrolling) -> None:
        self._enrolling = enrolling_

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_ME_ENROLMENT,
                self.show,
                "Whether one's face and voice are remembered from call to call",
                answer=EnrolmentShown,
            ),
            Route(
                "PUT",
                addresses.API_ME_ENROLMENT,
                self.agree,
                "Agree to be remembered; what was learned before is forgotten, and learned anew",
                body=Agreement,
                answer=EnrolmentShown,
                refusals=("wrong_credentials",),
            ),
            Route(
                "DELETE",
                addresses.API_ME_ENROLMENT,
                self.forget,
                "Take it back: what was learned is gone at once",
                status=204,
            ),
        )

    async def show(self, call: Call) -> Answer:
        found = await self._enrolling.standing(call.person)
        version = enrolling.VERSION
        shown = EnrolmentShown(found.agreed_at, found.learned, version, enrolling.TEXTS[version])
        return Answer(shown)

    async def agree(self, call: Call) -> Answer:
        body: Agreement = call.body
        address = call.device.address
        await self._enrolling.agree(call.person, body.version, body.password, address)
        return await self.show(call)

    async def forget(self, call: Call) -> Answer:
        await self._enrolling.forget(call.person, call.device.address)
        return NOTHING
