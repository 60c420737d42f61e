"""What operators and their machines look at: health, metrics, and the API's own description."""

import asyncio
from collections.abc import Iterable
from functools import cached_property

import msgspec

from signaling import addresses
from signaling.health import Check, Health
from signaling.http import openapi
from signaling.http.call import Allow, Answer, Call, Content, Route
from signaling.metrics import Metrics
from signaling.risk.gauges import Gauges
from signaling.store import Store


class Alive(msgspec.Struct, frozen=True):
    """The process answers; nothing more is said here."""

    status: str
    version: str


class Readiness(msgspec.Struct, frozen=True):
    """Every dependency, by name; `degraded` are those that do not work and are not needed."""

    ready: bool
    checks: list[Check]
    degraded: list[str]


class SightRoutes:
    """Thin over Health, Metrics and Gauges."""

    def __init__(
        self, health: Health, metrics: Metrics, gauges: Gauges, store: Store, version: str
    ) -> None:
        self._health = health
        self._metrics = metrics
        self._gauges = gauges
        self._store = store
        self._version = version

    def routes(self) -> tuple[Route, ...]:
        return (
            Route("GET", addresses.HEALTHZ, self.alive, "Is it there", Allow.ANYONE, answer=Alive),
            Route(
                "GET",
                addresses.READYZ,
                self.ready,
                "Can it do its work, and if not, why",
                Allow.ANYONE,
                answer=Readiness,
            ),
            Route(
                "GET",
                addresses.METRICS,
                self.metrics,
                "For Prometheus: operators, and networks named in the configuration",
                Allow.WATCHER,
                answer=Content,
                returns="text/plain",
            ),
        )

    async def alive(self, call: Call) -> Answer:
        return Answer(Alive("ok", self._version))

    async def ready(self, call: Call) -> Answer:
        checks = await self._health.checks()
        ready = all(check.ok for check in checks if check.needed)
        degraded = [check.name for check in checks if not (check.ok or check.needed)]
        return Answer(Readiness(ready, checks, degraded), 200 if ready else 503)

    async def metrics(self, call: Call) -> Answer:
        await self._gauges.refresh()
        self._metrics.writes_pending.set(self._store.pending())
        for child in self._health.children():
            self._metrics.child_up.labels(child.name).set(child.state == "running")
            self._metrics.child_restarts.labels(child.name).set(child.restarts)
        return Answer(Content("text/plain; version=0.0.4; charset=utf-8", self._metrics.text()))


class Description:
    """The API's description; made once, from the finished list of routes, when it is asked for."""

    def __init__(self, routes: Iterable[Route], version: str) -> None:
        self._routes = [*routes, *self.routes()]
        self._version = version

    @cached_property
    def _made(self) -> tuple[Content, Content]:
        """For machines, and for people."""
        described = openapi.document(self._routes, self._version)
        return (
            Content("application/json", msgspec.json.encode(described)),
            Content("text/html; charset=utf-8", openapi.readable(described).encode()),
        )

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.OPENAPI,
                self.document,
                "This description, for machines",
                Allow.ANYONE,
                answer=Content,
            ),
            Route(
                "GET",
                addresses.API_PAGE,
                self.page,
                "This description, for people",
                Allow.ANYONE,
                answer=Content,
                returns="text/html",
            ),
        )

    async def document(self, call: Call) -> Answer:
        document, _ = await asyncio.to_thread(lambda: self._made)
        return Answer(document)

    async def page(self, call: Call) -> Answer:
        _, page = await asyncio.to_thread(lambda: self._made)
        return Answer(page, headers=PAGE_HEADERS)


PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'",
    "Cache-Control": "no-cache",
}
