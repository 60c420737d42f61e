"""What a forwarded packet costs: one publisher, many viewers, CPU time of the media process.

    python -m bench.fanout [--viewers 40] [--packets 400] [--seconds 5] [--rounds 3] [--janus]
    python -m bench.fanout --scale [--packets 200] [--seconds 5] [--rounds 3]

Prints JSON, one object for each server; figures are medians over the rounds, and the servers take
turns.  With `--janus` the VideoRoom of a Janus in the path is measured with the same clients, and
the ratio is printed.  With `--scale` the cost at 10 and at 200 viewers is compared instead.

What is lost leaves a gap in a viewer's numbers; what the server held back, because it took the
viewer's network for narrow, leaves none and is only not forwarded.

The delay is from the publisher's stamp on a burst to the kernel's time of each copy's arrival,
beyond the quickest copy.  Viewers give transport-wide feedback unless `--silent` is given.  On a
machine that others use too, `--priority -10` keeps them out of the delay.
"""

import argparse
import asyncio
import json
import os

import msgspec

from bench.figures import median
from bench.load_client import LoadClient
from bench.load_counter import Counted, count_packets
from bench.load_description import Section
from bench.load_media import SentFrames, in_a_process, send_frames
from bench.servers import Server, add_janus_option, candor, chosen, cpu_s, directly

# Packets that are under way when the publisher has ended.
TAIL_S = 1.0
SCALE_VIEWERS = (10, 200)


class Round(msgspec.Struct, frozen=True):
    """What one sitting showed."""

    forwarded: int
    expected: int
    used_s: float
    counted: Counted
    burst_p99_us: int

    @property
    def cost_us(self) -> float:
        return 1e6 * self.used_s / max(1, self.forwarded)


async def measure(server: Server, viewers: int, arguments: argparse.Namespace) -> Round:
    """Connect everybody, then let the load run in processes of its own."""
    if arguments.priority:
        os.setpriority(os.PRIO_PROCESS, server.process_id, arguments.priority)
    publisher = LoadClient()
    await server.publish(
        publisher, [Section("video", "sendonly", "0", publisher.ssrc)], "publisher"
    )
    await asyncio.sleep(0.5)
    watching = [LoadClient() for _ in range(viewers)]
    for viewer in watching:
        await server.watch(viewer, [Section("video", "recvonly", "0")], ["publisher"], directly)
    feedback = not arguments.silent
    total_s = arguments.seconds + TAIL_S
    before_s = cpu_s(server.process_id)
    counting = in_a_process(lambda: count_packets(watching, total_s, gives_feedback=feedback))
    sending = in_a_process(lambda: send_frames(publisher, arguments.packets, arguments.seconds))
    loop = asyncio.get_running_loop()
    counted = msgspec.json.decode(await loop.run_in_executor(None, counting), type=Counted)
    sent = msgspec.json.decode(await loop.run_in_executor(None, sending), type=SentFrames)
    used_s = cpu_s(server.process_id) - before_s
    for client in (publisher, *watching):
        await server.leave(client)
    return Round(counted.packets, sent.packets * viewers, used_s, counted, sent.burst_p99_us)


def report(
    name: str, viewers: int, rounds: list[Round], arguments: argparse.Namespace
) -> dict[str, object]:
    return {
        "server": name,
        "viewers": viewers,
        "packets_per_second": arguments.packets,
        "rounds": len(rounds),
        "forwarded": median([one.forwarded for one in rounds]),
        "padding": median([one.counted.beside for one in rounds]),
        "lost_percent": round(median([100 * one.counted.loss for one in rounds]), 3),
        "not_forwarded_percent": round(
            median([100 * (1 - one.forwarded / one.expected) for one in rounds]), 3
        ),
        "cpu_us_per_packet": round(median([one.cost_us for one in rounds]), 2),
        "cpu_us_of_rounds": [round(one.cost_us, 2) for one in rounds],
        "cpu_percent": round(100 * median([one.used_s for one in rounds]) / arguments.seconds, 1),
        "delay_p50_ms": round(median([one.counted.delay_ms(50) for one in rounds]), 2),
        "delay_p99_ms": round(median([one.counted.delay_ms(99) for one in rounds]), 2),
        "delay_p99_ms_of_rounds": [round(one.counted.delay_ms(99), 2) for one in rounds],
        "publisher_burst_p99_ms": round(median([one.burst_p99_us for one in rounds]) / 1000, 2),
    }


async def compare(arguments: argparse.Namespace) -> None:
    """Ours, and Janus where it is asked for, in turns."""
    rounds: dict[str, list[Round]] = {}
    for _ in range(arguments.rounds):
        for server in chosen(arguments):
            async with server() as running:
                taken = await measure(running, arguments.viewers, arguments)
                rounds.setdefault(running.name, []).append(taken)
    for name, ones in rounds.items():
        print(json.dumps(report(name, arguments.viewers, ones, arguments)), flush=True)
    if arguments.janus:
        ours, theirs = rounds.values()
        print(json.dumps({"ratio": ratio(ours, theirs)}))


async def scale(arguments: argparse.Namespace) -> None:
    """What it costs with few viewers and with many, each time in a fresh process."""
    rounds: dict[int, list[Round]] = {viewers: [] for viewers in SCALE_VIEWERS}
    for _ in range(arguments.rounds):
        for viewers, ones in rounds.items():
            async with candor() as running:
                ones.append(await measure(running, viewers, arguments))
    for viewers, ones in rounds.items():
        print(json.dumps(report("candor", viewers, ones, arguments)), flush=True)
    few, many = rounds.values()
    print(json.dumps({"ratio_many_to_few": ratio(many, few)}))


def ratio(ours: list[Round], theirs: list[Round]) -> float:
    """Of costs, round by round; the median."""
    costs = [one.cost_us / other.cost_us for one, other in zip(ours, theirs, strict=True)]
    return round(median(costs), 3)


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.fanout")
    parser.add_argument("--viewers", type=int, default=40)
    parser.add_argument("--packets", type=int, default=400, help="of the publisher, a second")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", action="store_true", help="compare 10 viewers with 200")
    parser.add_argument("--priority", type=int, default=0, help="nice value of the server")
    parser.add_argument("--silent", action="store_true", help="viewers give no feedback")
    add_janus_option(parser)
    arguments = parser.parse_args()
    await (scale(arguments) if arguments.scale else compare(arguments))


if __name__ == "__main__":
    asyncio.run(main())
