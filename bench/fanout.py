"""What a forwarded packet costs: one publisher, many viewers, CPU time of the media process.

    python -m bench.fanout [--viewers 40] [--packets 400] [--seconds 10] [--janus]

Prints JSON, one object for each server.  With `--janus` the VideoRoom of a Janus in the path is
measured in the same sitting, with the same clients, and the ratio is printed.
"""

import argparse
import asyncio
import json
import os
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict

import msgspec

from bench.load_client import LoadClient
from bench.load_janus import Janus
from bench.load_media import Counted, count_packets, in_a_process, send_frames
from sfu import Sfu, SfuConfig
from signaling.supervisor import ChildSpec, Supervisor

LOOPBACK = ("127.0.0.1",)
# Packets that are under way when the publisher has ended.
TAIL_S = 1.0

Connect = Callable[[LoadClient], Awaitable[None]]


class Server(msgspec.Struct, frozen=True):
    """A server that runs: whom to watch in /proc, and how to come in."""

    name: str
    process_id: int
    publish: Connect
    watch: Connect


@asynccontextmanager
async def candor() -> AsyncIterator[Server]:
    async with Sfu(SfuConfig(bind_hosts=LOOPBACK, advertised_hosts=LOOPBACK)) as sfu:
        children = [ChildSpec(**asdict(spec)) for spec in sfu.worker_specs()]
        async with Supervisor(children) as supervisor:
            await sfu.wait_ready(10.0)

            async def publish(client: LoadClient) -> None:
                session = await sfu.publish("load", "publisher", client.description("sendonly"))
                await client.connect(session.answer)

            async def watch(client: LoadClient) -> None:
                session = await sfu.subscribe("load", "viewer", client.description("recvonly"))
                await client.connect(session.answer)

            process_id = supervisor.state()[0].pid
            assert process_id
            yield Server("candor", process_id, publish, watch)


@asynccontextmanager
async def janus() -> AsyncIterator[Server]:
    async with Janus() as opened:
        yield Server("janus", opened.process_id, opened.publish, opened.watch)


async def measure(server: Server, arguments: argparse.Namespace) -> dict[str, object]:
    """Connect everybody, then let the load run in processes of its own."""
    publisher = LoadClient()
    await server.publish(publisher)
    await asyncio.sleep(0.5)
    viewers = [LoadClient() for _ in range(arguments.viewers)]
    for viewer in viewers:
        await server.watch(viewer)
    before_s = cpu_s(server.process_id)
    counting = in_a_process(lambda: count_packets(viewers, arguments.seconds + TAIL_S))
    sending = in_a_process(lambda: send_frames(publisher, arguments.packets, arguments.seconds))
    loop = asyncio.get_running_loop()
    counted = msgspec.json.decode(await loop.run_in_executor(None, counting), type=Counted)
    sent = msgspec.json.decode(await loop.run_in_executor(None, sending), type=int)
    used_s = cpu_s(server.process_id) - before_s
    for client in (publisher, *viewers):
        await client.stop()
    return report(server.name, sent * len(viewers), counted, used_s, arguments)


def report(
    name: str, expected: int, counted: Counted, used_s: float, arguments: argparse.Namespace
) -> dict[str, object]:
    delays = statistics.quantiles(counted.delays_us, n=100) if counted.packets > 1 else [0] * 99
    return {
        "server": name,
        "viewers": arguments.viewers,
        "packets_per_second": arguments.packets,
        "forwarded": counted.packets,
        "lost_percent": round(100 * (1 - counted.packets / expected), 3),
        "cpu_us_per_packet": round(1e6 * used_s / max(1, counted.packets), 2),
        "cpu_percent": round(100 * used_s / arguments.seconds, 1),
        "delay_p50_ms": round(delays[49] / 1000, 2),
        "delay_p99_ms": round(delays[98] / 1000, 2),
    }


def cpu_s(process_id: int) -> float:
    """User and system time that a process has used."""
    with open(f"/proc/{process_id}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.fanout")
    parser.add_argument("--viewers", type=int, default=40)
    parser.add_argument("--packets", type=int, default=400, help="of the publisher, a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--janus", action="store_true", help="measure Janus as well")
    arguments = parser.parse_args()
    results = []
    for server in (candor, janus) if arguments.janus else (candor,):
        async with server() as running:
            results.append(await measure(running, arguments))
            print(json.dumps(results[-1]), flush=True)
    if arguments.janus:
        ours, theirs = (float(str(one["cpu_us_per_packet"])) for one in results)
        print(json.dumps({"ratio": round(ours / theirs, 3)}))


if __name__ == "__main__":
    asyncio.run(main())
