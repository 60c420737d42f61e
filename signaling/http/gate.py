"""The gate that every API request goes through, in this order: how often, from which site, who,
may they, what do they say, did they say it before.  Then the handler; then what it costs us.
"""

import time
from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import web

from signaling.auth.identity import Anonymous, Device, Identity, scope_of
from signaling.auth.sessions import Sessions
from signaling.config import Config
from signaling.errors import Refused, Unavailable
from signaling.http import origins, requests, responses
from signaling.http.call import Allow, Call, Outgoing, Route, check_allowed
from signaling.http.replays import KeptAnswer, Replays
from signaling.http.responses import StreamedAnswer
from signaling.limits import Buckets, Rate, neighbourhood
from signaling.metrics import Metrics

log = structlog.get_logger()


class Gate:
    """Makes an aiohttp handler of each route."""

    def __init__(
        self,
        config: Config,
        sessions: Sessions,
        replays: Replays,
        metrics: Metrics,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = config.http
        self._sessions = sessions
        self._replays = replays
        self._metrics = metrics
        self._monotonic = monotonic
        self._requests = Buckets(Rate(config.limits.requests_per_minute, 60.0))

    def handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """What aiohttp calls for the route: it always answers and never raises."""

        async def handle(request: web.Request) -> web.StreamResponse:
            started = self._monotonic()
            answer = await self._answer(request, route)
            self._metrics.note_request(
                route.method, route.address.path, answer.status, self._monotonic() - started
            )
            cors = origins.cors_headers(request, self._http, from_anywhere=route.from_anywhere)
            return responses.on_the_wire(answer, cors)

        return handle

    async def _answer(self, request: web.Request, route: Route) -> KeptAnswer | StreamedAnswer:
        try:
            return await self._pass(request, route)
        except Refused as error:
            log.debug("request.refused", path=route.address.path, code=error.code)
            return responses.failed(error)
        except Unavailable as error:
            log.warning("request.unavailable", path=route.address.path, reason=error.reason)
            return responses.failed(error)
        except Exception:
            log.exception("request.failed", path=route.address.path)
            return responses.failed(Refused("internal"))

    async def _pass(self, request: web.Request, route: Route) -> KeptAnswer | StreamedAnswer:
        device = requests.device_of(request, self._http)
        self._count(neighbourhood(device.address))
        secure = requests.is_secure(request, self._http)
        if route.unsafe and not route.from_anywhere:
            origins.refuse_foreign(request, self._http, secure=secure)
        who = await self._identify(request, route, device, secure=secure)
        if not isinstance(who, Anonymous):
            self._count(scope_of(who))
        watching = requests.from_network(request, self._http, self._http.metrics_networks)
        check_allowed(route.allow, who, from_watching_network=watching)
        path = requests.path_of(request)
        query = requests.query_of(request, route)
        raw = await requests.raw_body(request, route, self._http)
        body = requests.body_of(raw, request, route, self._http)
        if_match, wanted = request.headers.get("If-Match"), requests.wanted_of(request)
        call = Call(who, device, path, query, body, secure, if_match, wanted)
        return await self._once(request, route, call, raw)

    async def _once(
        self, request: web.Request, route: Route, call: Call, raw: bytes
    ) -> KeptAnswer | StreamedAnswer:
        async def carry_out() -> KeptAnswer:
            return responses.kept(await route.handle(call), secure=call.secure)

        if route.answer is Outgoing:
            return responses.streamed(await route.handle(call))
        given = request.headers.get("Idempotency-Key")
        if given is None or route.method != "POST" or not route.replayable:
            return await carry_out()
        key = self._replays.key_of(scope_of(call.who), given, (route.method, request.path), raw)
        return await self._replays.once(key, carry_out)

    async def _identify(
        self, request: web.Request, route: Route, device: Device, *, secure: bool
    ) -> Identity:
        """A bad bearer token is always refused, a stale cookie only where it matters."""
        token = _bearer(request.headers)
        if token is not None:
            return await self._sessions.by_bearer(token, device)
        cookie = responses.cookie_of(request, secure=secure)
        if cookie is None or route.from_anywhere:
            return Anonymous()
        try:
            return await self._sessions.by_cookie(cookie, device)
        except Refused:
            if route.allow is Allow.ANYONE:
                return Anonymous()
            raise

    def _count(self, key: str) -> None:
        wait = self._requests.take(key, self._monotonic())
        if wait:
            raise Refused("rate_limited", retry_after_s=wait)


def _bearer(headers: Mapping[str, str]) -> str | None:
    value = headers.get("Authorization")
    if value is None:
        return None
    scheme, _, token = value.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused("unauthenticated", "Authorization: write `Bearer` and the token.")
    return token.strip()
