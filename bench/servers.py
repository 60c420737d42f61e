"""The servers that are measured, behind one small surface: come in, watch, leave.

Knows how to start each of them and how a load client joins.  It refuses to know what is measured.
"""

import argparse
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import asdict
from typing import Protocol

from bench.load_client import LoadClient
from bench.load_description import Section
from bench.load_janus import Janus
from sfu import Sfu, SfuConfig
from signaling.supervisor import ChildSpec, Supervisor

LOOPBACK = ("127.0.0.1",)
ROOM = "load"

Way = Callable[[str], str]
"""What becomes of the server's description before the client follows it (see `tests.netsim`)."""


def directly(description: str) -> str:
    return description


class Server(Protocol):
    """A server that runs; whom to watch in /proc is its process."""

    name: str

    @property
    def process_id(self) -> int: ...
    async def publish(
        self, client: LoadClient, sections: Sequence[Section], person: str, way: Way = directly
    ) -> None: ...
    async def watch(
        self, client: LoadClient, sections: Sequence[Section], people: Sequence[str], way: Way
    ) -> None:
        """Watch what these people publish; `sections` are for servers that answer an offer."""

    async def leave(self, client: LoadClient) -> None: ...


class Candor:
    """Ours, over `Sfu`."""

    name = "candor"

    def __init__(self, sfu: Sfu, supervisor: Supervisor) -> None:
        self.sfu = sfu
        self._supervisor = supervisor
        self._sessions: dict[LoadClient, str] = {}

    @property
    def process_id(self) -> int:
        process_id = self._supervisor.state()[0].pid
        assert process_id
        return process_id

    async def publish(
        self, client: LoadClient, sections: Sequence[Section], person: str, way: Way = directly
    ) -> None:
        session = await self.sfu.publish(ROOM, person, client.describe(sections))
        self._sessions[client] = session.id
        await client.connect(way(session.answer))

    async def watch(
        self, client: LoadClient, sections: Sequence[Section], people: Sequence[str], way: Way
    ) -> None:
        publisher = people[0] if len(people) == 1 else None
        offer = client.describe(sections)
        session = await self.sfu.subscribe(ROOM, "viewer", offer, publisher)
        self._sessions[client] = session.id
        await client.connect(way(session.answer))

    async def leave(self, client: LoadClient) -> None:
        await self.sfu.close(self._sessions.pop(client))
        await client.stop()


class JanusRoom:
    """The VideoRoom of a Janus in the path."""

    name = "janus"

    def __init__(self, janus: Janus) -> None:
        self._janus = janus

    @property
    def process_id(self) -> int:
        return self._janus.process_id

    async def publish(
        self, client: LoadClient, sections: Sequence[Section], person: str, way: Way = directly
    ) -> None:
        description = await self._janus.publish(client, sections, person)
        await client.connect(way(description))

    async def watch(
        self, client: LoadClient, sections: Sequence[Section], people: Sequence[str], way: Way
    ) -> None:
        del sections
        description = await self._janus.watch(client, people)
        await client.connect(way(description))

    async def leave(self, client: LoadClient) -> None:
        await self._janus.leave(client)
        await client.stop()


@asynccontextmanager
async def candor() -> AsyncIterator[Server]:
    async with Sfu(SfuConfig(bind_hosts=LOOPBACK, advertised_hosts=LOOPBACK)) as sfu:
        children = [ChildSpec(**asdict(spec)) for spec in sfu.worker_specs()]
        async with Supervisor(children) as supervisor:
            await sfu.wait_ready(10.0)
            yield Candor(sfu, supervisor)


@asynccontextmanager
async def janus() -> AsyncIterator[Server]:
    async with Janus() as opened:
        yield JanusRoom(opened)


def add_janus_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--janus", action="store_true", help="measure Janus as well")


def chosen(
    arguments: argparse.Namespace,
) -> Iterator[Callable[[], AbstractAsyncContextManager[Server]]]:
    """The servers to measure, ours first."""
    yield candor
    if arguments.janus:
        yield janus


def cpu_s(process_id: int) -> float:
    """User and system time that a process has used."""
    with open(f"/proc/{process_id}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(process_id: int) -> int:
    with open(f"/proc/{process_id}/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors(process_id: int) -> int:
    return len(os.listdir(f"/proc/{process_id}/fd"))


def sockets(process_id: int) -> int:
    """Of its descriptors those that are sockets; a store opens its files when it needs them."""
    found = 0
    for number in os.listdir(f"/proc/{process_id}/fd"):
        with suppress(FileNotFoundError):  # closed meanwhile
            found += os.readlink(f"/proc/{process_id}/fd/{number}").startswith("socket:")
    return found


def threads(process_id: int) -> int:
    return len(os.listdir(f"/proc/{process_id}/task"))
