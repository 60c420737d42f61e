"""Everybody sees everybody: what a forwarded packet costs in a meeting, and what is lost.

    python -m bench.meeting [--people 6] [--seconds 10] [--rounds 3] [--janus]

Each person publishes VP8 of about 100 packets a second and speech of 50, and watches the whole
room over one more connection; that is its own picture too, so that servers are asked for the same.
Viewers report and give transport-wide feedback where the server asks for it; they only count.
The figures are medians over the rounds, and the servers take turns.  Prints JSON.
"""

import argparse
import asyncio
import json

import msgspec

from bench.figures import median
from bench.load_camera import Shape
from bench.load_client import LoadClient
from bench.load_counter import Counted, count_packets
from bench.load_description import Section
from bench.load_media import in_a_process
from bench.load_publisher import LoadPublisher, sending
from bench.servers import Server, add_janus_option, chosen, cpu_s, directly

# 25 frames of four packets.
CAMERA = Shape(800_000, frame_rate=25.0)
SETTLING_S = 2.0


class Measured(msgspec.Struct, frozen=True):
    """One round."""

    packets: int
    used_s: float
    loss: float


def wanted(people: int) -> list[Section]:
    """Sections for all that the others send."""
    audio = [Section("audio", "recvonly", f"a{number}") for number in range(people)]
    return audio + [Section("video", "recvonly", f"v{number}") for number in range(people)]


async def meet(server: Server, arguments: argparse.Namespace) -> Measured:
    names = [f"person{number}" for number in range(arguments.people)]
    publishers = [LoadPublisher([CAMERA]) for _ in names]
    for name, publisher in zip(names, publishers, strict=True):
        await server.publish(publisher.client, publisher.sections(), name)
    viewers = [LoadClient() for _ in names]
    with sending(publishers) as stop:
        for viewer in viewers:
            await server.watch(viewer, wanted(len(names)), names, directly)
        measured = await measure(server, viewers, arguments.seconds)
        stop()
    for client in (*viewers, *(one.client for one in publishers)):
        await server.leave(client)
    return measured


async def measure(server: Server, viewers: list[LoadClient], seconds: float) -> Measured:
    """Count while everything runs; the time before and after does not count."""
    loop = asyncio.get_running_loop()
    counting = in_a_process(lambda: count_packets(viewers, seconds, SETTLING_S))
    await asyncio.sleep(SETTLING_S)
    before_s = cpu_s(server.process_id)
    await asyncio.sleep(seconds)
    used_s = cpu_s(server.process_id) - before_s
    counted = msgspec.json.decode(await loop.run_in_executor(None, counting), type=Counted)
    return Measured(counted.packets, used_s, counted.loss)


def report(name: str, rounds: list[Measured], arguments: argparse.Namespace) -> dict[str, object]:
    return {
        "server": name,
        "people": arguments.people,
        "rounds": len(rounds),
        "forwarded_per_second": round(median([one.packets for one in rounds]) / arguments.seconds),
        "lost_percent": round(100 * median([one.loss for one in rounds]), 3),
        "cpu_us_per_packet": round(1e6 * median([one.used_s / one.packets for one in rounds]), 2),
        "cpu_percent": round(100 * median([one.used_s for one in rounds]) / arguments.seconds, 1),
    }


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.meeting")
    parser.add_argument("--people", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    add_janus_option(parser)
    arguments = parser.parse_args()
    rounds: dict[str, list[Measured]] = {}
    for _ in range(arguments.rounds):
        for server in chosen(arguments):
            async with server() as running:
                rounds.setdefault(running.name, []).append(await meet(running, arguments))
    costs = []
    for name, measured in rounds.items():
        print(json.dumps(report(name, measured, arguments)), flush=True)
        costs.append([one.used_s / one.packets for one in measured])
    if len(costs) > 1:
        ratios = [ours / theirs for ours, theirs in zip(*costs, strict=True)]
        print(json.dumps({"ratio": round(median(ratios), 3)}))


if __name__ == "__main__":
    asyncio.run(main())
