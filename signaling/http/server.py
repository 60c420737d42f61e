"""The door to the network: listens, bounds what may come in, and drains when it is time to go."""

import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import web

from signaling.app import VERSION, Candor
from signaling.errors import Refused, Unavailable
from signaling.http import origins, requests, responses
from signaling.http.accounts import AccountRoutes
from signaling.http.administration import AdministrationRoutes
from signaling.http.alerts import AlertRoutes
from signaling.http.authenticators import AuthenticatorRoutes
from signaling.http.call import NOTHING, Route
from signaling.http.calls import CallRoutes
from signaling.http.challenges import ChallengeRoutes
from signaling.http.chat import ChatRoutes
from signaling.http.chat_order import OrderRoutes
from signaling.http.conversations import ConversationRoutes
from signaling.http.deciding import DecidingRoutes
from signaling.http.detection import DetectionRoutes
from signaling.http.enrolment import EnrolmentRoutes
from signaling.http.evidence import EvidenceRoutes
from signaling.http.files import FileRoutes
from signaling.http.gate import Gate
from signaling.http.load import LoadRoutes
from signaling.http.matching import MatchRoutes
from signaling.http.moderation import ModerationRoutes
from signaling.http.overview import OverviewRoutes
from signaling.http.pages import Pages
from signaling.http.passkeys import PasskeyRoutes
from signaling.http.people import PeopleRoutes
from signaling.http.proofs import ProofRoutes
from signaling.http.replays import Replays
from signaling.http.risk import RiskRoutes
from signaling.http.rooms import RoomRoutes
from signaling.http.search import SearchRoutes
from signaling.http.sending import SendingRoutes
from signaling.http.sight import Description, SightRoutes
from signaling.http.waiting_room import WaitingRoomRoutes
from signaling.http.webhooks import WebhookRoutes
from signaling.http.websocket import Sockets
from signaling.http.whip import WhipRoutes, taken_at
from signaling.sealing import Seal
from signaling.seats import seat

# Requests that are being answered when SIGTERM comes may take so long.
DRAIN_S = 10.0
BACKLOG = 1024
# Parser limits: a longer head is answered 400 or 431 by aiohttp.
LINE_BYTES = 8190
HEADERS = 128

# Pages of any site may call these: they take bearer tokens only.
FROM_ANYWHERE = ("/whip/", "/whep/")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class CannotListen(Exception):
    """A port cannot be had; the words say which and why."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where Candor answers."""

    http: str
    https: str | None


@asynccontextmanager
async def listen(candor: Candor, tls: ssl.SSLContext | None) -> AsyncIterator[Listening]:
    """Answer on the configured ports until the end of the block, then drain."""
    config = candor.config
    runner = web.AppRunner(
        application(candor, lambda: _connections(runner)),
        access_log=None,
        handle_signals=False,
        keepalive_timeout=config.http.idle_seconds,
        max_line_size=LINE_BYTES,
        max_field_size=LINE_BYTES,
        max_headers=HEADERS,
        logger=_log(),
        shutdown_timeout=DRAIN_S,
    )
    await runner.setup()
    try:
        plain = _bound(config.http_host, config.port)
        await web.SockSite(runner, plain, backlog=BACKLOG).start()
        https = None
        if tls is not None:
            secure = _bound(config.host, config.https_port)
            await web.SockSite(runner, secure, backlog=BACKLOG, ssl_context=tls).start()
            https = f"https://{_shown_host(config.host)}:{secure.getsockname()[1]}"
        yield Listening(f"http://{_shown_host(config.http_host)}:{plain.getsockname()[1]}", https)
    finally:
        candor.health.draining = True
        await runner.cleanup()


def api_routes(candor: Candor) -> list[Route]:
    """Every API route; its description is among them."""
    watching = candor.watching
    routes = [
        *AccountRoutes(
            candor.accounts,
            candor.guests,
            candor.sessions,
            candor.door,
            registration_open=candor.config.auth.registration == "open",
        ).routes(),
        *AuthenticatorRoutes(candor.authenticators).routes(),
        *PasskeyRoutes(candor.passkeys).routes(),
        *EnrolmentRoutes(watching.enrolling).routes(),
        *PeopleRoutes(candor.people, candor.finding, candor.presence).routes(),
        *RoomRoutes(candor.rooms, candor.door).routes(),
        *ModerationRoutes(candor.moderation).routes(),
        *WaitingRoomRoutes(candor.waiting_room).routes(),
        *DetectionRoutes(candor.rooms, watching.consents).routes(),
        *RiskRoutes(watching.looks).routes(),
        *LoadRoutes(candor.health, candor.media, watching).routes(),
        *AlertRoutes(watching.alerts).routes(),
        *EvidenceRoutes(watching.evidence, watching.cases, watching.maps).routes(),
        *WebhookRoutes(watching.webhooks).routes(),
        *DecidingRoutes(watching.deciding).routes(),
        *CallRoutes(candor.calls, candor.media).routes(),
        *ChallengeRoutes(candor.challenging).routes(),
        *ProofRoutes(candor.proof_orders).routes(),
        *ChatRoutes(candor.chat).routes(),
        *ConversationRoutes(candor.chat, candor.presence).routes(),
        *SearchRoutes(candor.chat).routes(),
        *OrderRoutes(candor.chat).routes(),
        *FileRoutes(candor.uploads, candor.files).routes(),
        *MatchRoutes(candor.matching).routes(),
        *SendingRoutes(candor.rooms, candor.uploads, candor.chat).routes(),
        *AdministrationRoutes(candor.standing, candor.people, candor.store).routes(),
        *OverviewRoutes(candor.overview).routes(),
        *WhipRoutes(candor.rooms, candor.watching.consents, candor.media).routes(),
        *SightRoutes(candor.health, candor.metrics, candor.gauges, candor.store, VERSION).routes(),
    ]
    return [*routes, *Description(routes, VERSION).routes()]


def application(candor: Candor, connections: Callable[[], int]) -> web.Application:
    """The aiohttp application: API, pages, and an answer for everything else."""
    pages = Pages()
    app = web.Application(middlewares=_Outside(candor, pages, connections).middlewares())
    replays = Replays(candor.store, Seal(candor.config.auth.secret, "idempotency"), candor.now)
    gate = Gate(candor.config, candor.sessions, replays, candor.metrics)
    app.add_routes(_definitions(api_routes(candor), gate))
    sockets = Sockets(candor.config.http, candor.sessions, partial(seat, candor))
    app.add_routes(sockets.routes())
    app.on_shutdown.append(lambda _: _say_bye(candor))
    app.add_routes(pages.routes())
    return app


async def _say_bye(candor: Candor) -> None:
    """While sockets are still open."""
    candor.attendance.say_bye()


def _definitions(routes: Iterable[Route], gate: Gate) -> list[web.RouteDef]:
    return [
        web.get(path, gate.handler(route))
        if route.method == "GET"
        else web.route(route.method, path, gate.handler(route))
        for route in routes
        for path in (route.address.path, *route.address.also)
    ]


def _connections(runner: web.AppRunner) -> int:
    return 0 if runner.server is None else len(runner.server.connections)


@dataclass(frozen=True, slots=True)
class _Outside:
    """What surrounds every handler: room for one more, a preflight, words for a wrong address."""

    candor: Candor
    pages: Pages
    connections: Callable[[], int]

    def middlewares(self) -> list[Any]:
        return [self.within_bounds, self.in_words]

    @web.middleware
    async def within_bounds(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        http = self.candor.config.http
        count = self.connections()
        self.candor.metrics.connections.set(count)
        if count > http.connections:
            full = _error(Unavailable("busy", f"{count} connections"))
            full.force_close()
            return full
        from_anywhere = request.path.startswith(FROM_ANYWHERE)
        asks = "Access-Control-Request-Method" in request.headers
        if request.method == "OPTIONS" and (asks or from_anywhere):
            headers = origins.preflight_headers(request, http, from_anywhere=from_anywhere)
            headers |= taken_at(request.path) if from_anywhere else {}
            return responses.on_the_wire(responses.kept(NOTHING, secure=False), headers)
        response = await handler(request)
        if not self.candor.config.dev and requests.is_secure(request, http):
            # A self-signed certificate must stay removable, so not under --dev.
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        return response

    @web.middleware
    async def in_words(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPMethodNotAllowed as error:
            response = _error(Refused("method_not_allowed"))
            response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
            return response
        except web.HTTPNotFound:
            if "text/html" in request.headers.get("Accept", ""):
                return self.pages.not_found()
            return _error(Refused("not_found"))


def _log() -> logging.Logger:
    log = logging.getLogger("candor.http")
    log.addFilter(_is_ours)
    return log


def _is_ours(record: logging.LogRecord) -> bool:
    """False for a body that cannot be unpacked: aiohttp reads on what nobody wants any more, and
    calls it an unhandled exception that this one is broken."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, web.RequestPayloadError)


def _error(error: Refused | Unavailable) -> web.Response:
    return responses.on_the_wire(responses.failed(error), {})


def _bound(host: str, port: int) -> socket.socket:
    """A listening socket, so that its port is known before anybody is told."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise CannotListen(f"port {port} on {host}: {error.strerror}") from None
    bound.setblocking(False)
    return bound


def _shown_host(host: str) -> str:
    """An address that a browser on this machine can open."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 (compared, not bound)
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
