"""WebSockets: one writer and a thousand who hear it, people who come in, and sockets that are idle.

    python -m bench.sockets [--sockets 1000] [--events 100] [--idle 5000] [--joins 300] [--plain]
    python -m bench.sockets --flood 10000

`candor serve` runs in a process of its own, the clients in two others.  An event is a change of the
writer's state (`media_state`): it is in the store before anybody hears of it.  Delays are from the
time that the event has there to the moment when a client has read it, which includes the clients'
own slowness on the same machine.  `--plain` measures a server as well that only sends each text to
every socket (`bench.plain_broadcast`).  `--flood` opens so many sockets at once, against the limits
that Candor has by default.  Prints JSON.
"""

import argparse
import asyncio
import json
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from pathlib import Path
from typing import TypeVar

import aiohttp
import msgspec

from bench.figures import percentile
from bench.load_sockets import Came, Opened, Plan, Wanted
from bench.servers import cpu_s, resident_bytes, sockets
from bench.serving import Serving, serving
from signaling import addresses, protocol
from signaling.auth.grants import Grants
from signaling.client import Caller, connect

T = TypeVar("T")

ROOM = "bench"
KIND = "media.state"
PROCESSES = 2
# So many come from one address of the loopback: a server bounds how often one may.
FROM_ONE_ADDRESS = 100
# Events a second while delays are taken, well under the limit of one client.
STEADY_PER_S = 5
SETTLE_S = 2.0
HEARS = Grants(subscribe=True, chat=True, hidden=True)
LONGEST_LINE = 1 << 26
# Beyond what is allowed by default, so that 5,000 may be idle.
MOST_SOCKETS = 8000

Write = Callable[[], Awaitable[object]]
_source_numbers = count()


class Load:
    """Clients in a process of their own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def hear(self, type_: type[T]) -> T:
        assert self._process.stdout
        return msgspec.json.decode(await self._process.stdout.readline(), type=type_)

    def ask(self, line: bytes = b"") -> None:
        assert self._process.stdin
        self._process.stdin.write(line + b"\n")

    async def report(self) -> Came:
        self.ask()
        return await self.hear(Came)

    async def end(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        await self._process.wait()


@asynccontextmanager
async def loads(
    port: int, wanted: Sequence[Wanted], at_once: int = 50
) -> AsyncIterator[tuple[list[Load], Opened]]:
    """All sockets are open, or were refused, in as many processes as there are."""
    running = []
    for number in range(PROCESSES):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bench.load_sockets"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=LONGEST_LINE,
        )
        running.append(Load(process))
        mine = tuple(wanted[number::PROCESSES])
        plan = Plan(port, addresses.WS.path, mine, KIND, at_once // PROCESSES)
        running[-1].ask(msgspec.json.encode(plan))
    try:
        opened = await asyncio.gather(*(load.hear(Opened) for load in running))
        yield running, _together(opened)
    finally:
        await asyncio.gather(*(load.end() for load in running))


def _together(opened: Sequence[Opened]) -> Opened:
    statuses: Counter[str] = Counter()
    for one in opened:
        statuses.update(one.statuses)
    joined = tuple(ms for one in opened for ms in one.joined_ms)
    return Opened(dict(statuses), max(one.took_s for one in opened), joined)


def source() -> str:
    """An address of the loopback that was not used too often."""
    number = next(_source_numbers) // FROM_ONE_ADDRESS
    return f"127.0.{1 + number // 200}.{1 + number % 200}"


def client(candor: Serving, room: str, identity: str, grants: Grants) -> Wanted:
    """Who comes in and stays."""
    enter = protocol.encode(protocol.Enter(id=2, room=room)).decode()
    known = visitor(candor, room, identity, grants)
    return msgspec.structs.replace(known, says=(*known.says, enter))


def visitor(candor: Serving, room: str, identity: str, grants: Grants) -> Wanted:
    """Who says who they are, and no more."""
    hello = protocol.encode(protocol.Hello(id=1, version=protocol.VERSION)).decode()
    bearer = f"Authorization: Bearer {candor.token(room, identity, grants)}"
    return Wanted(source(), (bearer,), (hello,))


def hearers(candor: Serving, number: int) -> list[Wanted]:
    """They are hidden: a thousand arrivals that a thousand hear of would be another bench."""
    return [client(candor, ROOM, f"hears-{index}", HEARS) for index in range(number)]


def writing(caller: Caller) -> Write:
    numbers = count(1 << 16)

    async def write() -> None:
        camera = bool(next(numbers) % 2)
        await caller.ask(protocol.MediaState(id=next(numbers), camera=camera))

    return write


async def fan_out(
    running: Sequence[Load], process_id: int, sockets: int, events: int, write: Write
) -> dict[str, object]:
    """As many events as quickly as they are acknowledged; then some at a pace, for the delays."""
    expected = events * sockets
    began_at, cpu = time.time(), cpu_s(process_id)
    for _ in range(events):
        await write()
    acknowledged_s = time.time() - began_at
    burst = await all_of(running, expected)
    cpu = cpu_s(process_id) - cpu
    # A client's messages are limited; what was spent comes back.
    await asyncio.sleep(10.0)
    for _ in range(events):
        await write()
        await asyncio.sleep(1 / STEADY_PER_S)
    steady = await all_of(running, expected)
    return {
        "sockets": sockets,
        "events": events,
        "acknowledged_per_second": round(events / acknowledged_s),
        "delivered": len(burst.delays_ms) + len(steady.delays_ms),
        "expected": 2 * expected,
        "delivered_per_second": round(expected / (burst.last_at - began_at)),
        "server_us_each": round(cpu * 1e6 / expected, 1),
        "delay_p50_ms": percentile(steady.delays_ms, 50),
        "delay_p99_ms": percentile(steady.delays_ms, 99),
        "delay_worst_ms": max(steady.delays_ms),
    }


async def all_of(running: Sequence[Load], expected: int) -> Came:
    """What all of them heard; after a minute, what there is."""
    reports: list[Came] = []
    for _ in range(120):
        reports += [await load.report() for load in running]
        if sum(len(one.delays_ms) for one in reports) >= expected:
            break
        await asyncio.sleep(0.5)
    delays = [delay for one in reports for delay in one.delays_ms]
    return Came(max(one.last_at for one in reports), delays, sum(one.open for one in reports))


async def idle(candor: Serving, number: int) -> dict[str, object]:
    """What sockets cost that say nothing, each in the room."""
    before = resident_bytes(candor.process_id)
    async with loads(candor.port, hearers(candor, number)) as (_, opened):
        await asyncio.sleep(SETTLE_S)
        after = resident_bytes(candor.process_id)
    return {
        "sockets": number,
        "opened": opened.statuses,
        "opened_per_second": round(number / opened.took_s),
        "resident_mb": [round(before / 1e6, 1), round(after / 1e6, 1)],
        "kb_each": round((after - before) / 1000 / number, 1),
    }


async def joins(candor: Serving, number: int, people: int) -> dict[str, object]:
    """People who are seen: each joins, is told who is there, and is announced to all of them."""
    names = [f"joins-{people}-{index}" for index in range(-(-number // people))]
    await candor.make_rooms(*names)
    wanted = [
        client(candor, names[index // people], f"joins-{index}", Grants(subscribe=True))
        for index in range(number)
    ]
    async with loads(candor.port, wanted, at_once=8) as (_, opened):
        pass
    return {
        "joins": number,
        "people_in_a_room": people,
        "joined": opened.statuses,
        "joins_per_second": round(number / opened.took_s),
        "p50_ms": percentile(opened.joined_ms, 50),
        "p95_ms": percentile(opened.joined_ms, 95),
    }


async def fan_out_of_candor(arguments: argparse.Namespace, candor: Serving) -> dict[str, object]:
    await candor.make_rooms(ROOM)
    token = candor.token(ROOM, "writer", Grants(publish=("camera",)))
    async with (
        loads(candor.port, hearers(candor, arguments.sockets)) as (running, _),
        connect(candor.address, token) as caller,
    ):
        await caller.enter(ROOM)
        numbers = arguments.sockets, arguments.events
        return await fan_out(running, candor.process_id, *numbers, writing(caller))


async def idle_at_candor(arguments: argparse.Namespace, candor: Serving) -> list[dict[str, object]]:
    return [await idle(candor, number) for number in arguments.idle]


async def joins_at_candor(
    arguments: argparse.Namespace, candor: Serving
) -> list[dict[str, object]]:
    people = 10, arguments.joins
    return [await joins(candor, arguments.joins, one) for one in people]


STAGES = {"idle": idle_at_candor, "fan_out": fan_out_of_candor, "joins": joins_at_candor}


async def measure_candor(arguments: argparse.Namespace, data: Path) -> dict[str, object]:
    results: dict[str, object] = {"server": "candor"}
    for stage in arguments.stages:
        async with serving(data / stage, HTTP_SOCKETS=str(MOST_SOCKETS)) as candor:
            results[stage] = await STAGES[stage](arguments, candor)
    return results


async def measure_plain(arguments: argparse.Namespace) -> dict[str, object]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.plain_broadcast"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    assert process.stdin
    port = json.loads(await process.stdout.readline())["port"]
    try:
        async with AsyncExitStack() as stack:
            wanted = [Wanted(source()) for _ in range(arguments.sockets)]
            running, _ = await stack.enter_async_context(loads(port, wanted))
            http = await stack.enter_async_context(aiohttp.ClientSession())
            url = f"http://127.0.0.1:{port}{addresses.WS.path}"
            socket = await stack.enter_async_context(http.ws_connect(url))

            async def write() -> None:
                await socket.send_str("{}")
                await socket.receive_str()

            figures = await fan_out(
                running, process.pid, arguments.sockets, arguments.events, write
            )
    finally:
        process.stdin.close()
        await process.wait()
    return {"server": "plain", "fan_out": figures}


class Flooded(msgspec.Struct, frozen=True):
    """More sockets at once than may be: who was told to go, and what it cost."""

    at_once: int
    statuses: dict[str, int]
    took_s: float
    health_meanwhile: int
    held_after: int
    """Sockets that are open when all clients have gone."""
    resident_mb: tuple[float, float, float]
    """Before, meanwhile, after."""


async def flood(data: Path, number: int) -> Flooded:
    async with serving(data) as candor:
        wanted = [visitor(candor, ROOM, f"comes-{one}", HEARS) for one in range(number)]
        resident = [resident_bytes(candor.process_id)]
        bare = sockets(candor.process_id)
        async with loads(candor.port, wanted, at_once=number) as (_, opened):
            resident.append(resident_bytes(candor.process_id))
            async with (
                aiohttp.ClientSession(candor.address) as http,
                http.get(addresses.HEALTHZ.path) as answer,
            ):
                healthy = answer.status
        held_after = await _held(candor, bare)
        resident.append(resident_bytes(candor.process_id))
    before, during, after = (round(one / 1e6, 1) for one in resident)
    statuses, took_s = opened.statuses, opened.took_s
    return Flooded(number, statuses, took_s, healthy, held_after, (before, during, after))


async def _held(candor: Serving, bare: int) -> int:
    """Sockets beyond those that there were before, once they do not become fewer any more."""
    held, before = sockets(candor.process_id) - bare, None
    while held != before and held > 0:
        await asyncio.sleep(SETTLE_S)
        held, before = sockets(candor.process_id) - bare, held
    return max(held, 0)


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sockets")
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--events", type=int, default=100)
    parser.add_argument("--idle", type=int, nargs="*", default=[1000, 5000])
    parser.add_argument("--joins", type=int, default=300)
    parser.add_argument("--stages", nargs="*", choices=STAGES, default=list(STAGES))
    parser.add_argument("--plain", action="store_true", help="measure the plain server as well")
    parser.add_argument("--flood", type=int, help="open so many at once, and nothing else")
    arguments = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        if arguments.flood:
            print(json.dumps(msgspec.to_builtins(await flood(data, arguments.flood)), indent=2))
            return
        print(json.dumps(await measure_candor(arguments, data), indent=2), flush=True)
    if arguments.plain:
        print(json.dumps(await measure_plain(arguments), indent=2))


if __name__ == "__main__":
    asyncio.run(main())
