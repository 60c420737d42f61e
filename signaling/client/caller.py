"""One client of the protocol, with stock aiortc connections behind it.

Knows the protocol and how a page answers it: offers are answered, lost media is joined again.  It
refuses to know what is sent and what is done with what arrives.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import structlog
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)

from signaling import addresses, protocol
from signaling.protocol import Said, Told

log = structlog.get_logger()

REPLY_WITHIN_S = 20.0
FINISH_WITHIN_S = 2.0
REJOIN_AFTER_S = 0.5
REJOIN_TRIES = 40


class Refusal(Exception):
    """The server will not; `code` says why."""

    def __init__(self, trouble: protocol.Trouble) -> None:
        super().__init__(f"{trouble.code}: {trouble.detail or trouble.message}")
        self.code = trouble.code


TrackMaker = Callable[[], Sequence[MediaStreamTrack]]
Taker = Callable[[protocol.Section, MediaStreamTrack], None]


@dataclass(slots=True)
class _View:
    """A connection by which we watch."""

    connection: RTCPeerConnection
    taken: set[str] = field(default_factory=set)


class Caller:
    """One socket; `run` must be running (as in `connect`) while anything is asked."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, take: Taker | None = None) -> None:
        self.lost = 0
        """How often media had to be joined again."""
        self.sequence: int | None = None
        """Of the last event that was seen."""
        self.events: list[protocol.Event] = []
        self.told: list[Told] = []
        """All that was told beside events and replies."""
        self._socket = socket
        self._take = take
        self._replies: dict[int, asyncio.Future[Told]] = {}
        self._number = 0
        self._views: dict[str, _View] = {}
        self._publishing: dict[str, RTCPeerConnection] = {}
        self._tracks: TrackMaker | None = None
        self._watching = False
        self._closing = False
        self._background: set[asyncio.Task[None]] = set()

    async def hello(self, token: str, client: str = "headless") -> protocol.Welcome:
        said = protocol.Hello(id=self._next(), version=protocol.VERSION, token=token, client=client)
        reply = await self.ask(said)
        assert isinstance(reply, protocol.Welcome)
        return reply

    async def enter(self, room: str, after: int | None = None) -> protocol.Snapshot:
        reply = await self.ask(protocol.Enter(id=self._next(), room=room, after=after))
        assert isinstance(reply, protocol.Snapshot)
        self.sequence = reply.after if self.sequence is None else self.sequence
        return reply

    async def publish(
        self, tracks: TrackMaker, sources: Mapping[str, protocol.Source] | None = None
    ) -> str:
        """Send tracks, made anew whenever the connection has to be."""
        self._tracks = tracks
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        for track in tracks():
            connection.addTrack(track)
        try:
            await connection.setLocalDescription(await connection.createOffer())
            said = protocol.Publish(
                id=self._next(),
                offer=connection.localDescription.sdp,
                sources=dict(sources or {}),
            )
            reply = await self.ask(said)
        except BaseException:
            await connection.close()
            raise
        assert isinstance(reply, protocol.Published)
        self._publishing[reply.media] = connection
        await connection.setRemoteDescription(RTCSessionDescription(reply.answer, "answer"))
        return reply.media

    async def watch(self, publisher: str | None = None) -> None:
        """Watch the room; every track goes to the taker once."""
        self._watching = True
        await self.ask(protocol.Watch(id=self._next(), publisher=publisher))

    async def leave(self) -> None:
        await self.ask(protocol.Leave(id=self._next()))
        await self._close_media()

    async def ask(self, said: Said) -> Told:
        """The reply; `Refusal` for an error."""
        future: asyncio.Future[Told] = asyncio.get_running_loop().create_future()
        self._replies[said.id] = future
        try:
            await self._socket.send_str(protocol.encode(said).decode())
            reply = await asyncio.wait_for(future, REPLY_WITHIN_S)
        finally:
            del self._replies[said.id]
        if isinstance(reply, protocol.Error):
            raise Refusal(reply.error)
        return reply

    async def run(self) -> int | None:
        """Take what is told until the socket closes; the close code."""
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self._receive(protocol.parse_told(message.data))
        for waiting in self._replies.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("the socket was closed"))
        return self._socket.close_code

    async def close(self) -> None:
        self._closing = True
        # A connection that is stopped while it looks for its addresses leaves sockets behind.
        if self._background:
            _, late = await asyncio.wait(self._background, timeout=FINISH_WITHIN_S)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        await self._close_media()

    @property
    def publishing(self) -> list[RTCPeerConnection]:
        return list(self._publishing.values())

    @property
    def watching(self) -> list[RTCPeerConnection]:
        return [view.connection for view in self._views.values()]

    def _receive(self, told: Told) -> None:
        number = getattr(told, "re", None)
        if number is not None:
            waiting = self._replies.get(number)
            if waiting is not None and not waiting.done():
                waiting.set_result(told)
            return
        match told:
            case protocol.Event():
                self.sequence = told.sequence
                self.events.append(told)
            case protocol.Offer():
                self._start(self._answer(told))
            case protocol.MediaLost(media=media):
                self.lost += 1
                self._start(self._rejoin(media))
                self.told.append(told)
            case _:
                self.told.append(told)

    async def _answer(self, offer: protocol.Offer) -> None:
        view = self._views.get(offer.media)
        if view is None:
            view = _View(RTCPeerConnection(RTCConfiguration(iceServers=[])))
            self._views[offer.media] = view
        connection = view.connection
        await connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        sdp = connection.localDescription.sdp
        await self.ask(protocol.Answer(id=self._next(), media=offer.media, sdp=sdp))
        self._hand_out(view, offer.sections)

    def _hand_out(self, view: _View, sections: Sequence[protocol.Section]) -> None:
        tracks = {one.mid: one.receiver.track for one in view.connection.getTransceivers()}
        for section in sections:
            name = f"{section.mid}:{section.identity}:{section.source}"
            if section.mid in tracks and name not in view.taken:
                view.taken.add(name)
                if self._take is not None:
                    self._take(section, tracks[section.mid])

    async def _rejoin(self, media: str) -> None:
        """The media process died: the same once more, as soon as there is another."""
        view = self._views.pop(media, None)
        sent = self._publishing.pop(media, None)
        try:
            await self._join_again(watching=view is not None, sending=sent is not None)
        finally:
            for connection in (sent, None if view is None else view.connection):
                if connection is not None:
                    await connection.close()

    async def _join_again(self, *, watching: bool, sending: bool) -> None:
        for _ in range(REJOIN_TRIES):
            try:
                if watching:
                    await self.watch()
                elif sending and self._tracks is not None:
                    await self.publish(self._tracks)
                return
            except Refusal as refusal:
                log.debug("caller.not_back_yet", code=refusal.code)
                await asyncio.sleep(REJOIN_AFTER_S)

    async def _close_media(self) -> None:
        for connection in [*self.publishing, *self.watching]:
            with suppress(ConnectionError):
                await connection.close()
        self._views.clear()
        self._publishing.clear()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        if self._closing:
            # Whoever leaves answers no more offers: nobody would close what that opens.
            work.close()
            return
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _next(self) -> int:
        self._number += 1
        return self._number


@asynccontextmanager
async def connect(
    server: str, token: str, take: Taker | None = None, *, ssl: bool = True
) -> AsyncIterator[Caller]:
    """A caller that is signed in at a server (`https://…`) by a token."""
    headers = {"Authorization": f"Bearer {token}"}
    url = server.rstrip("/") + addresses.WS.path
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(url, headers=headers, ssl=ssl, heartbeat=30.0) as socket,
    ):
        caller = Caller(socket, take)
        running = asyncio.create_task(caller.run())
        try:
            await caller.hello(token)
            yield caller
        finally:
            await caller.close()
            await socket.close()
            await running
