"""A media process: it hosts rooms, and lives between a port and a control channel.

Knows sessions: whose transport belongs to which room.  It refuses to know calls, people and
permissions; whoever sends commands has decided those.

Everything here but the closing of a transport happens within one turn of the loop.
"""

import asyncio
import os
import secrets
import time
from collections.abc import Callable, Sequence
from functools import partial

from sfu import control
from sfu.config import WorkerConfig
from sfu.control import Channel
from sfu.description import VIDEO_ORIENTATION, BadSdp, CodecNotSupported, Local, Outgoing
from sfu.description_parsing import parse_offer
from sfu.faults import tell_fault
from sfu.heap import give_back
from sfu.hosts import reachable_hosts
from sfu.offering import Offering
from sfu.port import Port
from sfu.publication import Track, answer_publication, plan_publication
from sfu.restarting import (
    answer_restart,
    answer_same_publication,
    answer_same_subscription,
    restart,
)
from sfu.router import News
from sfu.session import Room, Session, remote_of
from sfu.subscriber import Subscriber, TrackChange
from sfu.subscription import answer_subscription, plan_subscription
from sfu.survey import EncodingsWanted, SizeSeen, SpeakerChange
from sfu.tap import Tap
from sfu.tapping import TapSink, TapSource
from sfu.transport import Identity, Transport, TransportState, collect
from sfu.watching import add_new, drop_gone, sources_of

# How long a loss or a key frame may wait to be asked for.
MEDIA_INTERVAL_S = 0.020
# A burst of padding is spread over three of these.
PROBE_INTERVAL_S = 0.005
WATCH_INTERVAL_S = 1.0
# What a millisecond of looking for free memory is spread over.
SESSIONS_PER_TRIM = 200

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
        self._probing: set[Room] = set()
        self._ended = 0
        path, policy = config.tap_socket, config.tap_policy
        self._tap = None if path is None else Tap(path, policy)
        self._closing: set[asyncio.Task[None]] = set()
        self._serve = {
            control.Publish: self._publish,
            control.Subscribe: self._subscribe,
            control.Watch: self._watch,
            control.Renew: self._renew,
            control.Accept: self._accept,
            control.Restart: self._restart,
            control.SetWishes: self._set_wishes,
            control.Silence: self._silence,
            control.SetTapped: self._set_tapped,
            control.Close: self._close,
            control.TakeStatistics: self._take_statistics,
        }

    async def __aenter__(self) -> "Worker":
        self._port.open(asyncio.get_running_loop())
        if self._tap is not None:
            self._tap.open()
        ready = control.Ready(self._config.name, os.getpid(), self._hosts, self._port.number)
        self._channel.send(ready)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Every peer is told goodbye, all at the same time."""
        for session in list(self._sessions.values()):
            self._end(session)
        if self._closing:
            await asyncio.wait(self._closing)
        if self._tap is not None:
            await self._tap.close()
        self._port.close()
        await self._channel.close()

    async def run(self) -> None:
        """Serve until the channel ends."""
        async with asyncio.TaskGroup() as group:
            timers = [
                group.create_task(self._every(MEDIA_INTERVAL_S, self._poll_media)),
                group.create_task(self._every(WATCH_INTERVAL_S, self._look_after)),
                group.create_task(self._probe()),
            ]
            while (command := await self._channel.receive()) is not None:
                self._channel.send(self.serve(command))
            for timer in timers:
                timer.cancel()

    def serve(self, command: control.Command) -> control.Reply:
        """Do what is asked, at once; what is refused leaves no session behind."""
        sessions = set(self._sessions)
        try:
            return self._serve[type(command)](command)  # type: ignore[operator, no-any-return]
        except Exception as error:
            for name in self._sessions.keys() - sessions:
                self._end(self._sessions[name])
            return _refusal(command, error)

    # --- commands ---

    def _publish(self, command: control.Publish) -> control.Reply:
        self._refuse_if_full()
        offer = parse_offer(command.offer)
        tracks = plan_publication(offer)
        session = self._open(command)
        session.publishes = True
        tap = partial(self._tap_track, session) if command.tapped and self._tap else None
        router = session.room.router
        router.publish(session.name, session.identity, tracks, session.transport, tap)
        session.transport.expect(remote_of(offer))
        session.answering = partial(answer_same_publication, tracks)
        answer = answer_publication(offer, tracks, session.local)
        return control.Answered(command.request, answer)

    def _tap_track(self, session: Session, track: Track) -> Sequence[TapSink]:
        assert self._tap
        orientation_id = track.extensions.get(VIDEO_ORIENTATION, 0)
        whose = session.room.name, session.name, session.identity
        source = TapSource(*whose, track.mid, track.kind, track.codec, orientation_id)
        return self._tap.open_track(source)

    def _subscribe(self, command: control.Subscribe) -> control.Reply:
        self._refuse_if_full()
        offer = parse_offer(command.offer)
        room = self._rooms.get(command.room)
        published = room.router.published(command.publisher) if room else {}
        if not published:
            raise Refusal("nothing_to_watch", "nobody publishes there")
        subscriptions, notes = plan_subscription(offer, published)
        session = self._open(command)
        subscriber = session.room.router.subscribe(session.name, subscriptions, session.transport)
        _number_packets(session.transport, subscriber)
        outgoing = {
            one.subscription.mid: Outgoing(command.room, one.ssrc, one.retransmission_ssrc)
            for one in subscriber.consumers.values()
        }
        session.transport.expect(remote_of(offer))
        session.answering = partial(answer_same_subscription, subscriptions, outgoing)
        answer = answer_subscription(offer, subscriptions, outgoing, session.local)
        return control.Answered(command.request, answer, notes)

    def _watch(self, command: control.Watch) -> control.Reply:
        self._refuse_if_full()
        session = self._open(command)
        session.offering = Offering()
        session.publisher = command.publisher
        session.room.router.subscribe(session.name, (), session.transport)
        return self._offer(command.request, session, session.offering)

    def _renew(self, command: control.Renew) -> control.Reply:
        session, offering = self._offered_to(command.session)
        if command.restart:
            restart(session, _new_credentials())
        return self._offer(command.request, session, offering)

    def _restart(self, command: control.Restart) -> control.Reply:
        session = self._known(command.session)
        answer = answer_restart(session, command.description, _new_credentials())
        return control.Answered(command.request, answer)

    def _accept(self, command: control.Accept) -> control.Reply:
        session, offering = self._offered_to(command.session)
        answer = parse_offer(command.answer)
        changes = offering.accept(answer)
        router = session.room.router
        for subscription, offered in changes.begun:
            names = session.names.get(offered.producer)
            if names is not None:
                router.add_track(session.name, subscription, names)
        session.transport.expect(remote_of(answer))
        _number_packets(session.transport, router.subscriber(session.name))
        if session.came:
            router.refresh(session.name, self._clock())
            session.room.active = True
        return control.Accepted(command.request, changes.notes)

    def _set_wishes(self, command: control.SetWishes) -> control.Reply:
        session = self._known(command.session)
        session.room.router.wish(session.name, command.wishes, self._clock())
        return control.Done(command.request)

    def _silence(self, command: control.Silence) -> control.Reply:
        session = self._known(command.session)
        session.room.router.silence(session.name, frozenset(command.mids))
        return control.Done(command.request)

    def _set_tapped(self, command: control.SetTapped) -> control.Reply:
        session = self._known(command.session)
        if self._tap is not None:
            tap = partial(self._tap_track, session)
            session.room.router.tap(session.name, frozenset(command.mids), tap)
        return control.Done(command.request)

    def _known(self, name: str) -> Session:
        session = self._sessions.get(name)
        if session is None:
            raise Refusal("no_such_session", "this session has ended")
        return session

    def _offered_to(self, name: str) -> tuple[Session, Offering]:
        session = self._known(name)
        if session.offering is None:
            raise Refusal("no_such_session", "this session makes its own offers")
        return session, session.offering

    def _offer(self, request: int, session: Session, offering: Offering) -> control.Reply:
        """Bring the sections up to what is published now."""
        drop_gone(session, offering)
        add_new(session, offering)
        sources = sources_of(session, offering)
        return control.Offered(request, offering.text(session.local), sources)

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
            if command.room in {None, session.room.name}
        }
        rooms = {
            room.name: room.router.statistics(now)
            for room in self._rooms.values()
            if command.room in {None, room.name}
        }
        tap = None if self._tap is None else self._tap.statistics()
        taken = control.WorkerStatistics(dict(self._port.drops), transports, rooms, tap)
        return control.StatisticsTaken(command.request, taken)

    def _refuse_if_full(self) -> None:
        if len(self._sessions) >= self._config.max_sessions:
            raise Refusal("full", "this media process has as many sessions as it may")

    def _open(self, command: control.Publish | control.Subscribe | control.Watch) -> Session:
        """A session whose transport waits for its peer."""
        if command.session in self._sessions:
            raise Refusal("session_exists", "this session is there already")
        room = self._rooms.setdefault(command.room, Room(command.room, self._ntp_offset_s))
        session = Session((command.session, command.identity), room, self._port, self._follow)
        credentials = _new_credentials()
        fingerprint = self._identity.fingerprint
        session.local = Local(
            self._hosts,
            self._port.number,
            *credentials,
            (fingerprint.algorithm, fingerprint.value),
            secrets.randbits(62),
        )
        session.transport = Transport(
            self._port, self._identity, credentials, owner=session, now=self._clock()
        )
        self._sessions[session.name] = session
        return session

    # --- life of sessions ---

    def _follow(self, session: Session, state: TransportState) -> None:
        self._channel.send(
            control.SessionChanged(session.room.name, session.name, session.identity, state)
        )
        if state is TransportState.CONNECTED:
            session.room.active = True
            if not session.came:
                session.came = True
                session.room.router.open(session.name, self._clock())
                if session.publishes:
                    self._announce(session, control.PublisherCame)
        elif state in _ENDED and session.name in self._sessions:
            self._end(session)

    def _end(self, session: Session) -> None:
        """Take it out at once; saying goodbye may take two seconds more."""
        self._ended += 1
        del self._sessions[session.name]
        router = session.room.router
        for transport, ssrc in router.leave(session.name):
            transport.forget_source(ssrc)
        if router.empty:
            self._rooms.pop(session.room.name, None)
            self._probing.discard(session.room)
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
        for room in list(self._rooms.values()):
            if room.active:
                room.active = False
                self._poll(room, now)

    def _look_after(self, now: float) -> None:
        if self._ended >= SESSIONS_PER_TRIM:
            self._ended = 0
            give_back()
        for session in list(self._sessions.values()):
            session.transport.poll(now)
        for room in list(self._rooms.values()):
            self._poll(room, now)

    def _poll(self, room: Room, now: float) -> None:
        try:
            for transport, data in room.router.poll(now):
                transport.send_rtcp(data)
            for news in room.router.news():
                self._tell(room, news)
            self._send_probes(room, now)
        except Exception:
            # Ours.  The other rooms go on, and so does this one with its next packet.
            tell_fault("poll")

    async def _probe(self) -> None:
        """A burst that has begun has to go on sooner than media is looked at."""
        while True:
            await asyncio.sleep(PROBE_INTERVAL_S if self._probing else MEDIA_INTERVAL_S)
            now = self._clock()
            for room in list(self._probing):
                self._send_probes(room, now)

    def _send_probes(self, room: Room, now: float) -> None:
        packets = room.router.probe(now)
        if packets:
            collect(packets, self._port.dirty)
            self._port.flush()
        if room.router.is_probing:
            self._probing.add(room)
        else:
            self._probing.discard(room)

    def _tell(self, room: Room, news: News) -> None:
        if isinstance(news, SpeakerChange):
            event: control.Event = control.SpeakerChanged(room.name, news.session, news.identity)
            self._channel.send(event)
            return
        session = self._sessions.get(news.session)
        if session is not None:
            self._channel.send(_event(session, news))


def _new_credentials() -> tuple[str, str]:
    return secrets.token_hex(_UFRAG_BYTES), secrets.token_hex(_PASSWORD_BYTES)


def _refusal(command: control.Command, error: Exception) -> control.Refused:
    if isinstance(error, Refusal):
        return control.Refused(command.request, error.code, str(error))
    if isinstance(error, CodecNotSupported):
        return control.Refused(command.request, "codec_not_supported", str(error))
    if isinstance(error, BadSdp):
        return control.Refused(command.request, "bad_sdp", str(error))
    # Ours.  It must not take the calls of others with it.
    tell_fault(type(command).__name__)
    return control.Refused(command.request, "fault", "the media process has a fault")


def _event(session: Session, news: SizeSeen | EncodingsWanted | TrackChange) -> control.Event:
    room, name, who = session.room.name, session.name, session.identity
    if isinstance(news, SizeSeen):
        return control.PictureSize(room, name, news.mid, news.rid, news.width, news.height)
    if isinstance(news, EncodingsWanted):
        return control.EncodingsWanted(room, name, who, news.mid, news.rids)
    return control.TrackChanged(room, name, who, news.mid, news.reason, news.height)


def _number_packets(transport: Transport, subscriber: Subscriber[Transport]) -> None:
    """Number what goes out across tracks, if the viewer tells what it got by such numbers."""
    identifiers = {one.subscription.sequence_id for one in subscriber.consumers.values()} - {0}
    if identifiers and subscriber.send_side is not None:
        transport.number_packets(identifiers.pop(), subscriber.send_side.send)
