"""WebSockets: the upgrade, and the pumping of text between a socket and a `Session`.

Thin.  It knows Origin, cookies, tokens and close codes; what messages mean is `session`'s.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any

import structlog
from aiohttp import WebSocketError, WSMsgType, web

from signaling import addresses, protocol
from signaling.addresses import Address
from signaling.auth.identity import Anonymous, Device, Identity
from signaling.auth.sessions import Sessions
from signaling.config import Http
from signaling.errors import Refused, Unavailable
from signaling.frames import Frames
from signaling.http import origins, requests, responses
from signaling.limits import Buckets, Rate, neighbourhood
from signaling.outbox import Outbox
from signaling.session import Services, Session

log = structlog.get_logger()

SOCKETS = (addresses.WS, addresses.WS_CHAT, addresses.WS_CALL)
PROTOCOL_NAME = f"candor.v{protocol.VERSION}"
# `new WebSocket(url, ["candor.v1", "candor.token.…"])`: the only header that a page can choose.
TOKEN_PROTOCOL = "candor.token."  # noqa: S105 - the name of one, not one
# A client that is told to close does so, or is cut off.
CLOSE_WITHIN_S = 3.0
# Written and not yet read by the client; behind it the outbox fills.
UNSENT_BYTES = 64 << 10
# A page that reconnects in a loop makes a few in a second.
UPGRADES = Rate(600, 60.0)

ServicesFor = Callable[[Device], Services]


class Sockets:
    """Every socket of this process."""

    def __init__(
        self,
        http: Http,
        sessions: Sessions,
        services: ServicesFor,
        *,
        outbox: Callable[[], Outbox] = Outbox,
        heartbeat_s: float = protocol.HEARTBEAT_S,
    ) -> None:
        self._http = http
        self._sessions = sessions
        self._services = services
        self._outbox = outbox
        self._heartbeat_s = heartbeat_s
        self._open = 0
        self._upgrades = Buckets(UPGRADES)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get(path, self.handle, allow_head=False)
            for address in SOCKETS
            for path in _paths(address)
        ]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Upgrade and talk until either side has enough."""
        try:
            device = requests.device_of(request, self._http)
            who = await self._admit(request, device)
        except (Refused, Unavailable) as error:
            return responses.on_the_wire(responses.failed(error), {})
        self._open += 1
        try:
            return await self._talk(request, device, who)
        finally:
            self._open -= 1

    async def _admit(self, request: web.Request, device: Device) -> Identity:
        """Who this is by cookie or header; Refused for what must not even be upgraded."""
        if self._open >= self._http.sockets:
            raise Unavailable("busy", f"{self._open} sockets")
        wait = self._upgrades.take(neighbourhood(device.address), asyncio.get_running_loop().time())
        if wait:
            raise Refused("rate_limited", retry_after_s=wait)
        if request.query_string:
            raise Refused("invalid", "The address of a socket takes no query, and never a token.")
        if request.headers.get("Upgrade", "").lower() != "websocket":
            raise Refused("bad_request", "This address speaks WebSocket.")
        requests.path_of(request)
        secure = requests.is_secure(request, self._http)
        token = _token_of(request.headers)
        if token is None and "Origin" not in request.headers:
            # Whoever brings its own proof cannot have been lured; a cookie comes by itself.
            raise Refused("foreign_origin", "Say Origin, or sign in by a bearer token.")
        origins.refuse_foreign(request, self._http, secure=secure)
        return await self._identify(request, device, token, secure=secure)

    async def _identify(
        self, request: web.Request, device: Device, token: str | None, *, secure: bool
    ) -> Identity:
        if token is not None:
            return await self._sessions.by_bearer(token, device)
        cookie = responses.cookie_of(request, secure=secure)
        if cookie is None:
            return Anonymous()
        with suppress(Refused):
            return await self._sessions.by_cookie(cookie, device)
        return Anonymous()

    async def _talk(
        self, request: web.Request, device: Device, who: Identity
    ) -> web.StreamResponse:
        socket = CheckedSocket(
            protocols=(PROTOCOL_NAME,),
            heartbeat=self._heartbeat_s,
            timeout=CLOSE_WITHIN_S,
            compress=False,
            # aiohttp refuses what is as long as this, or longer.
            max_msg_size=protocol.MAX_FRAME_BYTES + 1,
            writer_limit=UNSENT_BYTES,
        )
        if not socket.can_prepare(request).ok:
            return responses.on_the_wire(
                responses.failed(Refused("bad_request", "This is no WebSocket handshake.")), {}
            )
        await socket.prepare(request)
        outbox = self._outbox()
        bound = request.match_info.get("room")
        session = Session(self._services(device), outbox, who, bound=bound)
        try:
            async with session:
                await _first_of(_read(socket, session), _write(socket, outbox), _overdue(outbox))
            await _close(socket, outbox.reason)
        finally:
            # A peer that reads nothing would hold what is unsent until TCP gives up.
            if request.transport is not None:
                request.transport.abort()
        return socket


class CheckedSocket(web.WebSocketResponse):
    """aiohttp's, which reads a client's frames also when they are not masked, or out of order."""

    def _post_start(self, request: Any, protocol: Any, writer: Any) -> None:
        connection = request.protocol
        # What came with the upgrade already is for us as well.
        early, connection._message_tail = connection._message_tail, b""  # noqa: SLF001
        super()._post_start(request, protocol, writer)
        checked = _Checked(connection._payload_parser, self._reader)  # noqa: SLF001
        connection._payload_parser = checked  # noqa: SLF001
        if early:
            checked.feed_data(early)


class _Checked:
    """In front of aiohttp's parser, in its shape."""

    def __init__(self, parser: Any, queue: Any) -> None:
        self._parser = parser
        self._queue = queue
        self._frames = Frames()
        self._is_over = False

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        if self._is_over:
            return True, b""
        fault = self._frames.receive(data)
        if fault is None:
            fed: tuple[bool, bytes] = self._parser.feed_data(data)
            return fed
        self._is_over = True
        self._parser.feed_data(data[: fault.position])
        self._queue.set_exception(WebSocketError(fault.code, "a frame that may not be"))
        return True, b""

    def feed_eof(self) -> None:
        self._parser.feed_eof()


def _paths(address: Address) -> tuple[str, ...]:
    return (address.path, *address.also)


def _token_of(headers: Mapping[str, str]) -> str | None:
    """Of the header of programs, or of the subprotocols, the one header of pages."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    for name in headers.get("Sec-WebSocket-Protocol", "").split(","):
        if name.strip().startswith(TOKEN_PROTOCOL):
            return name.strip().removeprefix(TOKEN_PROTOCOL)
    return None


async def _first_of(*works: Coroutine[Any, Any, None]) -> None:
    """Until any ends; what went wrong in it is raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for result in ended:
        if isinstance(result, Exception) and not isinstance(result, ConnectionError):
            raise result


async def _read(socket: web.WebSocketResponse, session: Session) -> None:
    while True:
        message = await socket.receive()
        if message.type is WSMsgType.TEXT:
            await session.receive(message.data)
            # The answer goes out before the next frame is looked at, which may be a close.
            await asyncio.sleep(0)
        elif message.type is WSMsgType.BINARY:
            session.close("unsupported")
        else:
            if message.type is WSMsgType.CLOSE:
                session.say_goodbye()
            return


async def _write(socket: web.WebSocketResponse, outbox: Outbox) -> None:
    while (data := await outbox.take()) is not None:
        await socket.send_frame(data, WSMsgType.TEXT)


async def _overdue(outbox: Outbox) -> None:
    """A writer that waits for a peer to read does not see that it shall close."""
    await outbox.wait_closed()
    if outbox.reason != "slow":
        await asyncio.sleep(CLOSE_WITHIN_S)


async def _close(socket: web.WebSocketResponse, reason: str | None) -> None:
    if socket.closed or reason is None:
        return
    close = protocol.CLOSES[reason]
    with suppress(TimeoutError, ConnectionError):
        async with asyncio.timeout(CLOSE_WITHIN_S):
            await socket.close(code=close.code, message=reason.encode())
