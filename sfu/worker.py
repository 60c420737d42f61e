"""A media process: it hosts rooms, and lives between a port and a control channel.

Knows sessions: whose transport belongs to which room.  It refuses to know calls, people and
permissions; whoever sends commands has decided those.

Everything here but the closing of a transport happens within one turn of the loop.
"""

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from sfu import control
from sfu.config import WorkerConfig
from sfu.consumer import Consumer
from sfu.control import Channel
from sfu.negotiation import (
    BadSdp,
    CodecNotSupported,
    Local,
    Offer,
    Outgoing,
    answer_publication,
    answer_subscription,
    parse_offer,
    plan_publication,
    plan_subscription,
)
from sfu.port import Port
from sfu.router import Router
from sfu.transport import (
    Fingerprint,
    Identity,
    Remote,
    Transport,
    TransportState,
    collect,
)

# How long a loss or a key frame may wait to be asked for.
MEDIA_INTERVAL_S = 0.020
WATCH_INTERVAL_S = 1.0

_UFRAG_BYTES = 6
_PASSWORD_BYTES = 18
# Seconds from 1900 to 1970.
_NTP_EPOCH_S = 2_208_988_800
_ENDED = {TransportState.FAILED, TransportState.CLOSED}


class Refusal(Exception):
    """A command cannot be done; the code is a key of `engine`'s table."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Joining(Protocol):
    """What `Publish` and `Subscribe` have in common."""

    @property
    def request(self) -> int: ...
    @property
    def room(self) -> str: ...
    @property
    def session(self) -> str: ...
    @property
    def identity(self) -> str: ...
    @property
    def offer(self) -> str: ...


class Room:
    """A router and its name; `active` since the last poll if a packet came."""

    __slots__ = ("active", "name", "router")

    def __init__(self, name: str, ntp_offset_s: float) -> None:
        self.name = name
        self.router: Router[Transport] = Router(secrets.randbits, ntp_offset_s)
        self.active = False


class Session:
    """One transport of a room: what it receives goes to the router, the copies to others."""

    __slots__ = ("_on_state", "_port", "identity", "name", "publishes", "room", "transport")

    def __init__(
        self,
        command: Joining,
        room: Room,
        port: Port,
        on_state: Callable[["Session", TransportState], None],
    ) -> None:
        self.name = command.session
        self.identity = command.identity
        self.room = room
        self.publishes = isinstance(command, control.Publish)
        self.transport: Transport
        self._port = port
        self._on_state = on_state

    def receive_rtp(self, data: bytes, now: float) -> None:
        copies = self.room.router.receive_rtp(self.name, data, now)
        self.room.active = True
        if copies:
            collect(copies, self._port.dirty)

    def receive_rtcp(self, data: bytes, now: float) -> None:
        copies = self.room.router.receive_rtcp(self.name, data, now)
        self.room.active = True
        if copies:
            collect(copies, self._port.dirty)

    def change_state(self, state: TransportState) -> None:
        self._on_state(self, state)


class Worker:
    """`async with Worker(config, channel) as worker: await worker.run()`."""

    def __init__(
        self,
        config: WorkerConfig,
        channel: Channel[control.Command],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._channel = channel
        self._clock = clock
        self._identity = Identity()
        self._port = Port(config.bind_hosts, config.port, clock)
        self._hosts = config.advertised_hosts or reachable_hosts(config.bind_hosts)
        self._ntp_offset_s = time.time() + _NTP_EPOCH_S - clock()
        self._rooms: dict[str, Room] = {}
        self._sessions: dict[str, Session] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._serve = {
            control.Publish: self._publish,
            control.Subscribe: self._subscribe,
            control.Close: self._close,
            control.TakeStatistics: self._take_statistics,
        }

    async def __aenter__(self) -> "Worker":
        self._port.open(asyncio.get_running_loop())
        ready = control.Ready(self._config.name, os.getpid(), self._hosts, self._port.number)
        self._channel.send(ready)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Every peer is told goodbye, all at the same time."""
        for session in list(self._sessions.values()):
            self._end(session)
        if self._closing:
            await asyncio.wait(self._closing)
        self._port.close(asyncio.get_running_loop())
        await self._channel.close()

    async def run(self) -> None:
        """Serve until the channel ends."""
        async with asyncio.TaskGroup() as group:
            timers = [
                group.create_task(self._every(MEDIA_INTERVAL_S, self._poll_media)),
                group.create_task(self._every(WATCH_INTERVAL_S, self._watch)),
            ]
            while (command := await self._channel.receive()) is not None:
                self._channel.send(self.serve(command))
            for timer in timers:
                timer.cancel()

    def serve(self, command: control.Command) -> control.Reply:
        """Do what is asked, at once."""
        try:
            return self._serve[type(command)](command)  # type: ignore[operator, no-any-return]
        except Refusal as refusal:
            return control.Refused(command.request, refusal.code, str(refusal))
        except CodecNotSupported as error:
            return control.Refused(command.request, "codec_not_supported", str(error))
        except BadSdp as error:
            return control.Refused(command.request, "bad_sdp", str(error))

    # --- commands ---

    def _publish(self, command: control.Publish) -> control.Reply:
        self._refuse_if_full()
        offer = parse_offer(command.offer)
        tracks = plan_publication(offer)
        session, local = self._open(command, offer)
        session.room.router.publish(session.name, session.identity, tracks, session.transport)
        return control.Answered(command.request, answer_publication(offer, tracks, local))

    def _subscribe(self, command: control.Subscribe) -> control.Reply:
        self._refuse_if_full()
        offer = parse_offer(command.offer)
        room = self._rooms.get(command.room)
        published = room.router.published(command.publisher) if room else {}
        if not published:
            raise Refusal("nothing_to_watch", "nobody publishes there")
        subscriptions, notes = plan_subscription(offer, published)
        session, local = self._open(command, offer)
        consumers = session.room.router.subscribe(session.name, subscriptions, session.transport)
        outgoing = {
            consumer.subscription.mid: _outgoing(command.room, consumer) for consumer in consumers
        }
        answer = answer_subscription(offer, subscriptions, outgoing, local)
        return control.Answered(command.request, answer, notes)

    def _close(self, command: control.Close) -> control.Reply:
        session = self._sessions.get(command.session)
        if session is not None:
            self._end(session)
        return control.Done(command.request)

    def _take_statistics(self, command: control.TakeStatistics) -> control.Reply:
        now = self._clock()
        transports = {
            session.name: control.TransportStatistics(
                session.room.name,
                session.identity,
                session.transport.state,
                now - session.transport.heard_s,
                dict(session.transport.drops),
            )
            for session in self._sessions.values()
        }
        rooms = {room.name: room.router.statistics(now) for room in self._rooms.values()}
        taken = control.WorkerStatistics(dict(self._port.drops), transports, rooms)
        return control.StatisticsTaken(command.request, taken)

    def _refuse_if_full(self) -> None:
        if len(self._sessions) >= self._config.max_sessions:
            raise Refusal("full", "this media process has as many sessions as it may")

    def _open(self, command: Joining, offer: Offer) -> tuple[Session, Local]:
        """A session whose transport waits for its peer."""
        if command.session in self._sessions:
            raise Refusal("session_exists", "this session is there already")
        room = self._rooms.setdefault(command.room, Room(command.room, self._ntp_offset_s))
        session = Session(command, room, self._port, self._follow)
        credentials = secrets.token_hex(_UFRAG_BYTES), secrets.token_hex(_PASSWORD_BYTES)
        fingerprint = self._identity.fingerprint
        local = Local(
            self._hosts,
            self._port.number,
            *credentials,
            (fingerprint.algorithm, fingerprint.value),
            secrets.randbits(62),
        )
        session.transport = Transport(
            self._port,
            self._identity,
            credentials,
            _remote(offer),
            owner=session,
            now=self._clock(),
        )
        self._sessions[session.name] = session
        return session, local

    # --- life of sessions ---

    def _follow(self, session: Session, state: TransportState) -> None:
        self._channel.send(
            control.SessionChanged(session.room.name, session.name, session.identity, state)
        )
        if state is TransportState.CONNECTED:
            session.room.router.open(session.name)
            session.room.active = True
            if session.publishes:
                self._announce(session, control.PublisherCame)
        elif state in _ENDED and session.name in self._sessions:
            self._end(session)

    def _end(self, session: Session) -> None:
        """Take it out at once; saying goodbye may take two seconds more."""
        del self._sessions[session.name]
        router = session.room.router
        for transport, ssrc in router.leave(session.name):
            transport.forget_source(ssrc)
        if router.empty:
            self._rooms.pop(session.room.name, None)
        if session.publishes:
            self._announce(session, control.PublisherLeft)
        task = asyncio.create_task(session.transport.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _announce(
        self, session: Session, event: type[control.PublisherCame] | type[control.PublisherLeft]
    ) -> None:
        self._channel.send(event(session.room.name, session.name, session.identity))

    # --- time ---

    async def _every(self, interval_s: float, act: Callable[[float], None]) -> None:
        while True:
            await asyncio.sleep(interval_s)
            act(self._clock())

    def _poll_media(self, now: float) -> None:
        """What packets of the last moment call for; a room where none came has nothing."""
        for room in self._rooms.values():
            if room.active:
                room.active = False
                self._poll(room, now)

    def _watch(self, now: float) -> None:
        for session in list(self._sessions.values()):
            session.transport.poll(now)
        for room in self._rooms.values():
            self._poll(room, now)
            for seen in room.router.sizes():
                self._channel.send(
                    control.PictureSize(room.name, seen.session, seen.mid, seen.width, seen.height)
                )

    def _poll(self, room: Room, now: float) -> None:
        for transport, data in room.router.poll(now):
            transport.send_rtcp(data)


def reachable_hosts(bind_hosts: Sequence[str]) -> tuple[str, ...]:
    """What to tell clients: the bound addresses, and in place of a wildcard that of our route."""
    return tuple(_of_default_route(host) if _is_wildcard(host) else host for host in bind_hosts)


def _is_wildcard(host: str) -> bool:
    return host in {"0.0.0.0", "::"}  # noqa: S104 - compared, not bound


def _of_default_route(host: str) -> str:
    family, elsewhere, fallback = (
        (socket.AF_INET6, "2001:db8::1", "::1")
        if ":" in host
        else (socket.AF_INET, "192.0.2.1", "127.0.0.1")
    )
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            # Sends nothing: the kernel only looks up the route.
            probe.connect((elsewhere, 9))
        except OSError:
            return fallback
        return str(probe.getsockname()[0])


def _outgoing(room: str, consumer: Consumer) -> Outgoing:
    return Outgoing(room, consumer.ssrc, consumer.retransmission_ssrc)


def _remote(offer: Offer) -> Remote:
    sources = [ssrc for section in offer.sections for ssrc in section.sources]
    fingerprints = tuple(Fingerprint(*one) for one in offer.fingerprints)
    return Remote(fingerprints, offer.dtls_client, frozenset(sources))
