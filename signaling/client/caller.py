"""One client of the protocol, with stock aiortc connections behind it.

Knows the protocol and how a page answers it: offers are answered, a socket that was cut is opened
again, lost media is joined again.  It refuses to know what is sent and what is done with what
arrives.
"""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
import structlog
from aioice.stun import TransactionError
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
# Between one try to connect and the next; the last one is repeated.
RETRY_AFTER_S = (0.0, 0.2, 0.4, 0.8, 1.5)
# Whoever is closed with one of these need not come back.
FINAL = {1000, 4401, 4409}


class Refusal(Exception):
    """The server will not; `code` says why."""

    def __init__(self, trouble: protocol.Trouble) -> None:
        super().__init__(f"{trouble.code}: {trouble.detail or trouble.message}")
        self.code = trouble.code


Reply = TypeVar("Reply")
Dial = Callable[[], Awaitable[aiohttp.ClientWebSocketResponse]]
TrackMaker = Callable[[], Sequence[MediaStreamTrack]]
Challenged = Callable[
    [protocol.ChallengeOffered | protocol.ChallengeEnded], Coroutine[Any, Any, None]
]
Taker = Callable[[protocol.Section, MediaStreamTrack], None]


@dataclass(slots=True)
class _View:
    """A connection by which we watch."""

    connection: RTCPeerConnection
    taken: set[str] = field(default_factory=set)


class Caller:
    """One client; `run` must be running (as in `connect`) while anything is asked."""

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, dial: Dial, take: Taker | None = None
    ) -> None:
        self.lost = 0
        """How often media had to be joined again."""
        self.back_after_s: list[float] = []
        """Of each cut of the socket: how long it took until the room was there again."""
        self.sequence: int | None = None
        """Of the last event that was seen."""
        self.events: list[protocol.Event] = []
        self.told: list[Told] = []
        """All that was told beside events and replies."""
        self.on_challenge: Challenged | None = None
        """Who is told of challenges of this caller's; without anybody they are kept in `told`."""
        self._socket = socket
        self._dial = dial
        self._take = take
        self._token = ""
        self._secret = ""
        self._room: str | None = None
        self._replies: dict[int, asyncio.Future[Told]] = {}
        self._number = 0
        self._views: dict[str, _View] = {}
        self._publishing: dict[str, RTCPeerConnection] = {}
        self._tracks: TrackMaker | None = None
        self._watching = False
        self._closing = False
        self._news = asyncio.Event()
        self._background: set[asyncio.Task[None]] = set()

    async def hello(self, token: str, client: str = "headless") -> protocol.Welcome:
        said = protocol.Hello(
            id=self.next_id(),
            version=protocol.VERSION,
            token=token,
            client=client,
            resume=self._secret,
        )
        reply = await self.ask(said)
        assert isinstance(reply, protocol.Welcome)
        self._token, self._secret = token, reply.resume
        return reply

    async def enter(
        self,
        room: str,
        after: int | None = None,
        keep: Sequence[str] = (),
        *,
        consent: str | None = None,
    ) -> protocol.Snapshot:
        said = protocol.Enter(
            id=self.next_id(), room=room, after=after, keep=tuple(keep), consent=consent
        )
        reply = await self.ask(said)
        assert isinstance(reply, protocol.Snapshot)
        self._room = room
        self.sequence = reply.after if self.sequence is None else self.sequence
        return reply

    async def consent(self, version: str) -> protocol.DetectionHere:
        """Agree to be looked at, or, with no version, take it back."""
        reply = await self.ask(protocol.Consent(id=self.next_id(), version=version))
        assert isinstance(reply, protocol.Consented)
        return reply.detection

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
                id=self.next_id(),
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
        await self.ask(protocol.Watch(id=self.next_id(), publisher=publisher))

    async def take_challenge(self, challenge: str) -> protocol.ChallengeBegun:
        """Agree, and say at once that what is to be shown has come."""
        begun = await self.ask(protocol.TakeChallenge(id=self.next_id(), challenge=challenge))
        assert isinstance(begun, protocol.ChallengeBegun)
        await self.ask(protocol.ReadyChallenge(id=self.next_id(), challenge=challenge))
        return begun

    async def refuse_challenge(self, challenge: str) -> None:
        await self.ask(protocol.RefuseChallenge(id=self.next_id(), challenge=challenge))

    async def leave(self) -> None:
        await self.ask(protocol.Leave(id=self.next_id()))
        self._room = self.sequence = None
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

    async def event(self, number: int) -> protocol.Event:
        """The one behind so many others; waits for it."""
        while len(self.events) <= number:
            self._news.clear()
            await self._news.wait()
        return self.events[number]

    async def run(self) -> int | None:
        """Take what is told, and connect again after a cut, until it is over; the close code."""
        while True:
            await self._read()
            if self._closing or self._socket.close_code in FINAL:
                return self._socket.close_code
            cut_at = time.monotonic()
            self._socket = await self._dial_again()
            self._start(self._come_back(cut_at))

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                self._receive(protocol.parse_told(message.data))
        for waiting in self._replies.values():
            if not waiting.done():
                waiting.set_exception(ConnectionError("the socket was closed"))

    async def _insist(self, ask: Callable[[], Awaitable[Reply]]) -> Reply:
        """A server that is back a moment ago may be busy, or without its store, for a while."""
        for _ in range(REJOIN_TRIES):
            try:
                return await ask()
            except Refusal as refusal:
                log.debug("caller.not_back_yet", code=refusal.code)
                await asyncio.sleep(REJOIN_AFTER_S)
        return await ask()

    async def _dial_again(self) -> aiohttp.ClientWebSocketResponse:
        for wait_s in itertools.chain(RETRY_AFTER_S, itertools.repeat(RETRY_AFTER_S[-1])):
            await asyncio.sleep(wait_s)
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                return await self._dial()
        raise AssertionError("there is no last try")

    async def _come_back(self, cut_at: float) -> None:
        """Be where we were: what goes on is kept, and the rest is joined again."""
        with suppress(ConnectionError):  # the next one tries again
            welcome = await self._insist(lambda: self.hello(self._token))
            room, kept = self._room, welcome.resumed
            if room is None:
                return
            await self._insist(lambda: self.enter(room, self.sequence, kept))
            self.back_after_s.append(time.monotonic() - cut_at)
            for media in {*self._views, *self._publishing} - set(welcome.resumed):
                self.lost += 1
                self._start(self._rejoin(media))

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
        await self._socket.close()

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
                self._news.set()
            case protocol.Offer():
                self._start(self._answer(told))
            case protocol.MediaLost(media=media):
                self.lost += 1
                self._start(self._rejoin(media))
                self.told.append(told)
            case protocol.Quality(media=media, state="quiet"):
                self._start(self._prove(media))
                self.told.append(told)
            case protocol.ChallengeOffered() | protocol.ChallengeEnded() if self.on_challenge:
                self._start(self.on_challenge(told))
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
        await self.ask(protocol.Answer(id=self.next_id(), media=offer.media, sdp=sdp))
        self._hand_out(view, offer.sections)

    def _hand_out(self, view: _View, sections: Sequence[protocol.Section]) -> None:
        tracks = {one.mid: one.receiver.track for one in view.connection.getTransceivers()}
        for section in sections:
            name = f"{section.mid}:{section.identity}:{section.source}"
            if section.mid in tracks and name not in view.taken:
                view.taken.add(name)
                if self._take is not None:
                    self._take(section, tracks[section.mid])

    async def _prove(self, media: str) -> None:
        """The server hears nothing of a connection: our address may have changed, so say where we
        are, and not only when consent is due (RFC 7675), which is after 4 to 6 s."""
        view = self._views.get(media)
        connection = self._publishing.get(media) if view is None else view.connection
        for transceiver in connection.getTransceivers()[:1] if connection is not None else ():
            agent = transceiver.sender.transport.transport._connection  # noqa: SLF001
            for pair in agent._nominated.values():  # noqa: SLF001 - aioice has no word for this
                request = agent.build_request(pair, nominate=True)
                key = str(agent.remote_password).encode()
                with suppress(TransactionError):
                    await pair.protocol.request(request, pair.remote_addr, integrity_key=key)

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

    def next_id(self) -> int:
        """For something that is to be asked."""
        self._number += 1
        return self._number


@asynccontextmanager
async def connect(
    server: str, token: str, take: Taker | None = None, *, ssl: bool = True
) -> AsyncIterator[Caller]:
    """A caller that is signed in at a server (`https://…`) by a token."""
    url = server.rstrip("/") + addresses.WS.path
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as http:

        async def dial() -> aiohttp.ClientWebSocketResponse:
            return await http.ws_connect(url, ssl=ssl, heartbeat=30.0)

        caller = Caller(await dial(), dial, take)
        running = asyncio.create_task(caller.run())
        try:
            await caller.hello(token)
            yield caller
        finally:
            await caller.close()
            running.cancel()
            await asyncio.wait([running])
