"""`Sfu`: what whoever manages calls holds of all media processes.

Knows which processes are there, which room lives in which, and what is lost when one dies.  It
starts none: `worker_specs` says what to start, and a process that starts finds its way here by a
unix socket.  It refuses to know HTTP, people and permissions.
"""

import asyncio
import os
import secrets
import shutil
import socket
import struct
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path
from typing import Self

import msgspec

from sfu import control
from sfu.config import SfuConfig, WorkerConfig, WorkerSpec
from sfu.control import Channel, Event, OfferedSource, WorkerStatistics
from sfu.description import BadSdp, CodecNotSupported
from sfu.subscriber import ViewerWishes

# A worker answers within a turn of its loop; this long means that it hangs, and the supervisor
# will notice that too.
REPLY_TIMEOUT_S = 5.0
HELLO_TIMEOUT_S = 5.0
# Events that wait for their reader; the oldest are dropped.
MAX_WAITING_EVENTS = 10_000

_SOCKET_NAME = "sfu.sock"
_peer_credentials = struct.Struct("3i")


class SfuError(Exception):
    """Media cannot be had; each subclass is one reason."""


class NoWorker(SfuError):
    """No media process is there, or the one in question does not answer."""


class Full(SfuError):
    """As many sessions as a process may have."""


class NothingToWatch(SfuError):
    """Nobody publishes there."""


class SessionExists(SfuError):
    """The same session twice."""


class NoSuchSession(SfuError):
    """It has ended, or its process died."""


_ERRORS: dict[str, type[Exception]] = {
    "bad_sdp": BadSdp,
    "codec_not_supported": CodecNotSupported,
    "full": Full,
    "no_such_session": NoSuchSession,
    "nothing_to_watch": NothingToWatch,
    "session_exists": SessionExists,
}


class Session(msgspec.Struct, frozen=True):
    """A connection that a client may now open; `notes` says what of its offer was not served."""

    id: str
    answer: str
    notes: tuple[str, ...] = ()


class Offer(msgspec.Struct, frozen=True):
    """What a viewer has to answer, and what each section of it carries."""

    session: str
    sdp: str
    sources: tuple[OfferedSource, ...]


class MediaAddress(msgspec.Struct, frozen=True):
    """Where a media process listens; UDP."""

    worker: str
    host: str
    port: int


class SessionLost(msgspec.Struct, frozen=True):
    """The process of a session died; whoever it belongs to has to join again."""

    room: str
    session: str
    identity: str


SfuEvent = Event | SessionLost


class _Placed(msgspec.Struct, frozen=True):
    """Where a session is."""

    worker: "_Worker"
    room: str
    identity: str


class _Worker:
    """Our end of one process."""

    def __init__(self, channel: Channel[control.Report], ready: control.Ready) -> None:
        self.channel = channel
        self.ready = ready
        self._replies: dict[int, asyncio.Future[control.Reply]] = {}
        self._next = 0

    def number(self) -> int:
        self._next += 1
        return self._next

    async def ask(self, command: control.Command) -> control.Reply:
        """Its reply; `NoWorker` if it dies or hangs over it."""
        reply = asyncio.get_running_loop().create_future()
        self._replies[command.request] = reply
        self.channel.send(command)
        try:
            return await asyncio.wait_for(reply, REPLY_TIMEOUT_S)
        except TimeoutError:
            raise NoWorker("the media process does not answer") from None
        finally:
            del self._replies[command.request]

    def receive(self, reply: control.Reply) -> None:
        waiting = self._replies.get(reply.request)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    def lose(self) -> None:
        for waiting in self._replies.values():
            if not waiting.done():
                waiting.set_exception(NoWorker("the media process died"))


class Sfu:
    """`async with Sfu(config) as sfu:`; the processes of `worker_specs` live within the block."""

    def __init__(self, config: SfuConfig) -> None:
        self._config = config
        self._directory = config.runtime_directory
        self._server: asyncio.Server | None = None
        self._workers: dict[str, _Worker] = {}
        self._sessions: dict[str, _Placed] = {}
        self._places: dict[str, _Worker] = {}
        self._changed = asyncio.Condition()
        self._events: asyncio.Queue[SfuEvent] = asyncio.Queue(MAX_WAITING_EVENTS)
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen for processes; none has to be there yet."""
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="candor-sfu-"))
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._socket_path
        path.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._welcome, path)
        path.chmod(0o600)
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        assert self._server
        self._server.close()
        for task in self._serving:
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving)
        await self._server.wait_closed()
        self._socket_path.unlink(missing_ok=True)
        if self._config.runtime_directory is None and self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)

    # --- processes ---

    def worker_specs(self) -> tuple[WorkerSpec, ...]:
        """The processes to start, and to start again when they end."""
        return tuple(self._spec(index) for index in range(self._config.workers))

    def media_addresses(self) -> tuple[MediaAddress, ...]:
        """Where the processes that are there listen."""
        return tuple(
            MediaAddress(name, host, worker.ready.port)
            for name, worker in self._workers.items()
            for host in worker.ready.hosts
        )

    async def wait_ready(self, timeout_s: float) -> None:
        """Return when every process is there; `NoWorker` if that takes too long."""
        await self._wait_for(lambda: len(self._workers) == self._config.workers, timeout_s)

    # --- sessions ---

    async def publish(
        self, room: str, identity: str, offer: str, *, tapped: bool = False
    ) -> Session:
        """Take a publisher into a room; its offer sends, our answer receives.

        `tapped`: the publisher agreed that its frames are looked at.
        Raises `BadSdp`, `CodecNotSupported`, or a subclass of `SfuError`.
        """
        worker = await self._place(room)
        session = secrets.token_urlsafe(12)
        command = control.Publish(worker.number(), room, session, identity, offer, tapped)
        return await self._join(worker, command)

    async def subscribe(
        self, room: str, identity: str, offer: str, publisher: str | None = None
    ) -> Session:
        """Let somebody watch a publisher, or a whole room as far as the offer has sections for it.

        Raises `NothingToWatch` if nobody publishes there, else as `publish` does.
        """
        worker = await self._place(room)
        session = secrets.token_urlsafe(12)
        command = control.Subscribe(worker.number(), room, session, identity, offer, publisher)
        return await self._join(worker, command)

    async def watch(self, room: str, identity: str, publisher: str | None = None) -> Offer:
        """Let somebody watch a room by our offers, which follow what is published.

        The first offer may carry nothing yet.  `renew` makes the next one, for instance when
        `PublisherCame` tells of more; `accept` takes the answer to each.
        """
        worker = await self._place(room)
        session = secrets.token_urlsafe(12)
        command = control.Watch(worker.number(), room, session, identity, publisher)
        reply = await self._open(worker, command)
        assert isinstance(reply, control.Offered)
        return Offer(session, reply.offer, reply.sources)

    async def renew(self, session: str, *, restart: bool = False) -> Offer:
        """An offer of what a viewer can watch by now; with `restart`, a new look for a path."""
        reply = await self._ask(session, lambda number: control.Renew(number, session, restart))
        assert isinstance(reply, control.Offered)
        return Offer(session, reply.offer, reply.sources)

    async def accept(self, session: str, answer: str) -> tuple[str, ...]:
        """Take a viewer's answer; in words, what it cannot take.  Raises `BadSdp`."""
        reply = await self._ask(session, lambda number: control.Accept(number, session, answer))
        assert isinstance(reply, control.Accepted)
        return reply.notes

    async def restart(self, session: str, description: str) -> str:
        """Give a client that looks for a new path new ICE credentials; media goes on meanwhile.

        To an offer the answer is one to it, to a fragment of an offer (RFC 8840) a fragment.  What
        else the client would change is refused with `BadSdp`, and then nothing has changed.
        """
        reply = await self._ask(
            session, lambda number: control.Restart(number, session, description)
        )
        assert isinstance(reply, control.Answered)
        return reply.answer

    async def set_wishes(self, session: str, wishes: ViewerWishes) -> None:
        """What a viewer has use for from now on."""
        await self._ask(session, lambda number: control.SetWishes(number, session, wishes))

    async def silence(self, session: str, mids: Collection[str]) -> None:
        """Forward nothing of these tracks of a publisher, whatever it sends; all of the others."""
        named = tuple(mids)
        await self._ask(session, lambda number: control.Silence(number, session, named))

    async def tap(self, session: str, mids: Collection[str]) -> None:
        """Let these tracks of a publisher be looked at from now on, and none of its others."""
        named = tuple(mids)
        await self._ask(session, lambda number: control.SetTapped(number, session, named))

    async def close(self, session: str) -> None:
        """End a session; one that is not there has ended already."""
        placed = self._sessions.get(session)
        if placed is not None:
            await placed.worker.ask(control.Close(placed.worker.number(), session))

    async def statistics(self, room: str | None = None) -> dict[str, WorkerStatistics]:
        """The truth about each process, by name, and about all rooms or one."""
        taken = {}
        for name, worker in list(self._workers.items()):
            reply = await worker.ask(control.TakeStatistics(worker.number(), room))
            assert isinstance(reply, control.StatisticsTaken)
            taken[name] = reply.statistics
        return taken

    async def events(self) -> AsyncIterator[SfuEvent]:
        """What happens, for one reader; only cancellation ends it."""
        while True:
            yield await self._events.get()

    @property
    def _socket_path(self) -> Path:
        assert self._directory
        return self._directory / _SOCKET_NAME

    def _spec(self, index: int) -> WorkerSpec:
        config = self._config
        told = WorkerConfig(
            name=f"sfu-{index}",
            control=str(self._socket_path),
            bind_hosts=config.bind_hosts,
            advertised_hosts=config.advertised_hosts,
            port=config.first_port + index if config.first_port else 0,
            max_sessions=config.max_sessions,
            tap_socket=None if config.tap_socket is None else str(config.tap_socket),
            tap_policy=config.tap_policy,
        )
        argv = (sys.executable, "-m", "sfu", msgspec.json.encode(told).decode())
        return WorkerSpec(told.name, argv, memory_bytes=config.memory_bytes)

    async def _join(self, worker: _Worker, command: control.Publish | control.Subscribe) -> Session:
        reply = await self._open(worker, command)
        assert isinstance(reply, control.Answered)
        return Session(command.session, reply.answer, reply.notes)

    async def _open(
        self, worker: _Worker, command: control.Publish | control.Subscribe | control.Watch
    ) -> control.Reply:
        self._sessions[command.session] = _Placed(worker, command.room, command.identity)
        opened = False
        try:
            reply = _unless_refused(await worker.ask(command))
            opened = True
        finally:
            if not opened:
                self._forget(command.session)
        return reply

    async def _ask(self, session: str, command: Callable[[int], control.Command]) -> control.Reply:
        placed = self._sessions.get(session)
        if placed is None:
            raise NoSuchSession("this session has ended")
        return _unless_refused(await placed.worker.ask(command(placed.worker.number())))

    async def _place(self, room: str) -> _Worker:
        """The process of a room; a new room goes where the fewest sessions are."""
        await self._wait_for(lambda: bool(self._workers), self._config.worker_patience_s)
        worker = self._places.get(room)
        if worker is None:
            load = Counter(placed.worker.ready.worker for placed in self._sessions.values())
            worker = min(self._workers.values(), key=lambda one: load[one.ready.worker])
            self._places[room] = worker
        return worker

    async def _wait_for(self, fact: Callable[[], bool], timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(fact)
        except TimeoutError:
            raise NoWorker("no media process is there") from None

    # --- what comes up ---

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._serving.add(task)
        channel = Channel((reader, writer), control.reports)
        try:
            ready = await self._greet(channel, writer)
            if ready is not None:
                await self._serve(_Worker(channel, ready))
        except asyncio.CancelledError:
            # Only `__aexit__` cancels; the task of a server's connection must not say so.
            return
        finally:
            self._serving.discard(task)
            await channel.close()

    async def _greet(
        self, channel: Channel[control.Report], writer: asyncio.StreamWriter
    ) -> control.Ready | None:
        """A process says who it is, and must be our own user's."""
        connection = writer.get_extra_info("socket")
        if _user_of(connection) not in {os.getuid(), None}:
            return None
        try:
            async with asyncio.timeout(HELLO_TIMEOUT_S):
                first = await channel.receive()
        except TimeoutError:
            return None
        return first if isinstance(first, control.Ready) else None

    async def _serve(self, worker: _Worker) -> None:
        name = worker.ready.worker
        previous = self._workers.get(name)
        if previous is not None:
            self._lose(previous)
        async with self._changed:
            self._workers[name] = worker
            self._changed.notify_all()
        self._tell(worker.ready)
        try:
            while (report := await worker.channel.receive()) is not None:
                if isinstance(report, control.Reply):
                    worker.receive(report)
                else:
                    self._receive_event(report)
        finally:
            self._lose(worker)

    def _receive_event(self, event: Event) -> None:
        self._tell(event)
        if isinstance(event, control.SessionChanged) and event.state in {"failed", "closed"}:
            self._forget(event.session)

    def _lose(self, worker: _Worker) -> None:
        """Its sessions are gone; its rooms open anew wherever somebody joins them next."""
        worker.lose()
        if self._workers.get(worker.ready.worker) is worker:
            del self._workers[worker.ready.worker]
        self._places = {room: one for room, one in self._places.items() if one is not worker}
        lost = [name for name, placed in self._sessions.items() if placed.worker is worker]
        for name in lost:
            placed = self._sessions.pop(name)
            self._tell(SessionLost(placed.room, name, placed.identity))

    def _forget(self, session: str) -> None:
        placed = self._sessions.pop(session, None)
        if placed is not None and all(one.room != placed.room for one in self._sessions.values()):
            self._places.pop(placed.room, None)

    def _tell(self, event: SfuEvent) -> None:
        if self._events.full():
            self._events.get_nowait()
        self._events.put_nowait(event)


def _unless_refused(reply: control.Reply) -> control.Reply:
    if isinstance(reply, control.Refused):
        raise _ERRORS.get(reply.code, SfuError)(reply.message)
    return reply


def _user_of(connection: socket.socket) -> int | None:
    """The user at the other end of a unix socket; None where the system does not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    size = _peer_credentials.size
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    return int(_peer_credentials.unpack(data)[1])
