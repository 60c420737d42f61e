"""Where alerts begin, for operators: shown, tried on the past, and decided."""

from signaling import addresses
from signaling.errors import Refused
from signaling.http import fields
from signaling.http.call import Allow, Answer, Call, Route
from signaling.risk.alert_rules import AlertThresholds
from signaling.risk.deciding import Deciding, Preview


class PreviewWanted(fields.Body, frozen=True):
    """Which thresholds are to be tried, and on which past."""

    thresholds: AlertThresholds
    since: fields.UtcMoment
    until: fields.UtcMoment


class DecidingRoutes:
    """Thin over Deciding."""

    def __init__(self, deciding: Deciding) -> None:
        self._deciding = deciding

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_THRESHOLDS,
                self.show,
                "Where alerts begin and end",
                Allow.OPERATOR,
                answer=AlertThresholds,
            ),
            Route(
                "PUT",
                addresses.API_THRESHOLDS,
                self.decide,
                "Let alerts begin elsewhere",
                Allow.OPERATOR,
                body=AlertThresholds,
                answer=AlertThresholds,
            ),
            Route(
                "POST",
                addresses.API_THRESHOLDS_PREVIEW,
                self.preview,
                "What other thresholds would have raised in the past",
                Allow.OPERATOR,
                body=PreviewWanted,
                answer=Preview,
                replayable=False,
            ),
        )

    async def show(self, call: Call) -> Answer:
        return Answer(self._deciding.current())

    async def decide(self, call: Call) -> Answer:
        await self._deciding.decide(call.person, call.body, call.device.address)
        return Answer(self._deciding.current())

    async def preview(self, call: Call) -> Answer:
        wanted: PreviewWanted = call.body
        if wanted.since >= wanted.until:
            raise Refused("invalid", "until: after since.")
        between = (wanted.since, wanted.until)
        found = await self._deciding.preview(
            call.person, wanted.thresholds, between, call.device.address
        )
        return Answer(found)
