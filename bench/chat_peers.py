"""Chat over sockets beside Prosody: `python -m bench.chat_peers [--seconds 5] [--rounds 3]`.

Senders in one room whose messages are archived, each waiting for its acknowledgement before it says
the next thing; everybody hears everybody.  Servers run in processes of their own, one after the
other in each round; clients are in this process and understand nothing of what comes.  Candor
acknowledges what is on the disk; Prosody's acknowledgement is the room's own copy, which it sends
after its archive took the message, and that is either SQLite as Prosody uses it, which syncs each
message, or files, which it never syncs.  Prints JSON.
"""

import argparse
import asyncio
import json
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

import aiohttp

from bench.chat_line import Line, free_port, open_line
from bench.figures import percentile
from bench.load_sockets import TEXT as TEXT_FRAME
from bench.load_sockets import frame, upgrade
from bench.prosody import prosody
from bench.servers import cpu_s
from bench.serving import PASSWORD
from signaling import addresses, protocol
from signaling.auth.grants import MEMBER
from signaling.auth.tokens import RoomClaims, Signer
from signaling.identifiers import new_id
from tests.children.chatting import SECRET

SENDERS = (1, 10, 100)
TEXT = "See you at eight in the meeting room. Bring the plan."


class Talker(Protocol):
    """A client in the room."""

    @property
    def line(self) -> Line: ...

    async def say(self, number: int, text: str) -> None:
        """Returns when it was acknowledged."""


class Server(Protocol):
    """A server that runs."""

    @property
    def process_id(self) -> int: ...

    async def join(self, name: str) -> Talker: ...


@dataclass(frozen=True, slots=True)
class Member:
    """A client of Candor's, by a room token."""

    line: Line
    name: str

    async def say(self, number: int, text: str) -> None:
        own = f"{self.name}-{number}"
        # The first two numbers were for coming in.
        said = protocol.SendMessage(id=number + 3, client_id=own, room="tea", text=text)
        await self.ask(said)

    async def ask(self, said: protocol.Said) -> None:
        wanted = f'"re":{said.id},'
        await self.line.ask(frame(TEXT_FRAME, protocol.encode(said)), wanted)


@dataclass(frozen=True, slots=True)
class Candor:
    """Ours without media; nobody is held to a number of messages a minute."""

    port: int
    process_id: int

    async def join(self, name: str) -> Member:
        line = await open_line(self.port)
        now = datetime.now(UTC)
        claims = RoomClaims(new_id(now), "tea", name, name, MEMBER)
        token = Signer(SECRET).room_token(claims, now, timedelta(hours=1))
        bearer = f"Authorization: Bearer {token}"
        await line.ask(upgrade(addresses.WS.path, [bearer]), "\r\n\r\n")
        member = Member(line, name)
        await member.ask(protocol.Hello(id=1, version=protocol.VERSION))
        await member.ask(protocol.Enter(id=2, room="tea"))
        return member


@asynccontextmanager
async def candor(folder: Path) -> AsyncIterator[Candor]:
    port = free_port()
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.children.chatting", str(folder), str(port)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert child.stdout is not None
    try:
        assert await child.stdout.readline() == b"ready\n", "it did not start"
        await _make_room(f"http://127.0.0.1:{port}")
        yield Candor(port, child.pid)
    finally:
        child.send_signal(signal.SIGKILL)
        await child.wait()


async def _make_room(address: str) -> None:
    async with aiohttp.ClientSession(address, raise_for_status=True) as http:
        account = {"name": "owner", "password": PASSWORD}
        async with http.post(addresses.AUTH_REGISTER.path, json=account) as answer:
            token = (await answer.json())["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        await http.post(addresses.API_ROOMS.path, json={"id": "tea"}, headers=headers)


Figures = dict[str, float]
Start = Callable[[Path], AbstractAsyncContextManager[Server]]


async def talk(server: Server, talkers: list[Talker], seconds: float) -> Figures:
    """Everybody says one thing after the other."""
    latencies: list[float] = []
    started, cpu = time.perf_counter(), cpu_s(server.process_id)

    async def sender(talker: Talker) -> None:
        number = 0
        while (begun := time.perf_counter()) - started < seconds:
            await talker.say(number, TEXT)
            latencies.append(time.perf_counter() - begun)
            number += 1

    async with asyncio.TaskGroup() as group:
        for talker in talkers:
            group.create_task(sender(talker))
    count = len(latencies)
    return {
        "messages_per_second": count / (time.perf_counter() - started),
        "cpu_ms_each": (cpu_s(server.process_id) - cpu) * 1000 / count,
        "p50_ms": percentile(latencies, 50) * 1000,
        "p99_ms": percentile(latencies, 99) * 1000,
    }


async def one_after_the_other(start: Start, most: int, seconds: float) -> dict[int, Figures]:
    """One server with each number of senders; whoever came in stays and only listens later."""
    found: dict[int, Figures] = {}
    with tempfile.TemporaryDirectory() as folder:
        async with start(Path(folder)) as server:
            for senders in (count for count in SENDERS if count <= most):
                names = [f"u{senders}x{number}" for number in range(senders)]
                talkers = [await server.join(name) for name in names]
                found[senders] = await talk(server, talkers, seconds)
                for talker in talkers:
                    talker.line.close()
    return found


async def run(seconds: float, rounds: int, most: int) -> dict[str, dict[str, Figures]]:
    """Medians of rounds, and of each how many times Prosody's ours is."""
    names = [f"u{senders}x{number}" for senders in SENDERS for number in range(senders)]
    servers: dict[str, Start] = {
        "candor": candor,
        "prosody, sqlite": partial(prosody, archive="sqlite", names=names),
        "prosody, files": partial(prosody, archive="files", names=names),
    }
    measured: dict[str, list[dict[int, Figures]]] = {name: [] for name in servers}
    for _ in range(rounds):
        for name, start in servers.items():
            measured[name].append(await one_after_the_other(start, most, seconds))
    medians = {name: _medians(each) for name, each in measured.items()}
    ours = medians["candor"]
    for name in ("prosody, sqlite", "prosody, files"):
        medians[f"candor / {name}"] = {
            senders: {what: ours[senders][what] / theirs[what] for what in theirs}
            for senders, theirs in medians[name].items()
        }
    return {
        name: {f"{senders} senders": _rounded(each) for senders, each in found.items()}
        for name, found in medians.items()
    }


def _medians(measured: list[dict[int, Figures]]) -> dict[int, Figures]:
    first = measured[0]
    return {
        senders: {
            what: statistics.median(each[senders][what] for each in measured)
            for what in first[senders]
        }
        for senders in first
    }


def _rounded(figures: Figures) -> Figures:
    return {what: round(value, 2) for what, value in figures.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--senders", type=int, default=max(SENDERS), help="at the most")
    asked = parser.parse_args()
    print(json.dumps(asyncio.run(run(asked.seconds, asked.rounds, asked.senders)), indent=1))


if __name__ == "__main__":
    main()
