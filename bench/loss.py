"""What loss does to the picture: freezes of viewers that ask again for what they miss.

    python -m bench.loss [--viewers 10] [--seconds 20] [--loss 0.05] [--delay 0.04]
                         [--publisher] [--janus]

Each viewer is behind a line of its own that loses at random, both ways, and delays each way.  With
`--publisher` the publisher is behind such a line too, so that a packet passes two of them.  A
freeze is a gap between two pictures that could be decoded, longer than the camera's 33 ms; the
figure is each viewer's worst.  Nothing is decoded.  Prints JSON, one object for each server.
"""

import argparse
import asyncio
import json
from contextlib import AsyncExitStack
from itertools import pairwise

from bench.figures import percentile
from bench.load_camera import Shape
from bench.load_client import LoadClient
from bench.load_description import Section
from bench.load_publisher import LoadPublisher, Sent, sending
from bench.load_viewer import LoadViewer, Seen, watching
from bench.servers import Server, Way, add_janus_option, chosen, directly
from tests.netsim import Conditions, Proxy

# Four packets a frame.
CAMERA = Shape(1_000_000)
# Beginnings are for `bench.join`.
SETTLING_S = 2.0


class Lines:
    """Bad lines, as many as are asked for; each loses something else."""

    def __init__(self, conditions: Conditions) -> None:
        self._conditions = conditions
        self._stack = AsyncExitStack()
        self._count = 0

    async def another(self) -> Way:
        self._count += 1
        proxy = Proxy(self._conditions, self._conditions, seed=100 * self._count)
        return (await self._stack.enter_async_context(proxy)).lead

    async def close(self) -> None:
        await self._stack.aclose()


async def measure(server: Server, lines: Lines, arguments: argparse.Namespace) -> dict[str, object]:
    publisher = LoadPublisher([CAMERA])
    way = await lines.another() if arguments.publisher else directly
    await server.publish(publisher.client, publisher.sections(), "ada", way)
    sections = [Section("audio", "recvonly", "0"), Section("video", "recvonly", "1")]
    clients = [LoadClient() for _ in range(arguments.viewers)]
    with sending([publisher]) as stop_sending:
        for client in clients:
            await server.watch(client, sections, ["ada"], await lines.another())
        with watching([LoadViewer(client) for client in clients]) as stop_watching:
            await asyncio.sleep(SETTLING_S + arguments.seconds)
            loop = asyncio.get_running_loop()
            seen = await loop.run_in_executor(None, stop_watching)
        sent = stop_sending()
    for client in (publisher.client, *clients):
        await server.leave(client)
    return report(server.name, seen, sent, arguments.seconds)


def gaps_ms(seen: Seen, seconds: float) -> list[float]:
    """Between pictures, in the last so many seconds."""
    times = [one.at_s for one in seen.pictures]
    begin_s = times[-1] - seconds if times else 0.0
    return [1000 * (later - one) for one, later in pairwise(times) if one >= begin_s] or [
        1000 * seconds
    ]


def report(name: str, seen: list[Seen], sent: Sent, seconds: float) -> dict[str, object]:
    gaps = [gaps_ms(one, seconds) for one in seen]
    worst = [max(one) for one in gaps]
    everything = [gap for one in gaps for gap in one]
    return {
        "server": name,
        "viewers": len(seen),
        "worst_freeze_median_ms": round(percentile(worst, 50)),
        "worst_freeze_p95_ms": round(percentile(worst, 95)),
        "gap_p99_ms": round(percentile(everything, 99)),
        "gaps_over_200_ms_per_minute": round(
            60 * sum(gap > 200 for gap in everything) / seconds / len(seen), 2
        ),
        "pictures_percent": round(
            100 * sum(map(len, gaps)) / (len(seen) * seconds * CAMERA.frame_rate), 2
        ),
        "asked_again": sum(one.nacked for one in seen),
        "key_frames_asked_for": sum(one.key_frame_requests for one in seen),
        "publisher_resent": sent.resent,
        "publisher_key_frames": sent.key_frames,
    }


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.loss")
    parser.add_argument("--viewers", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--loss", type=float, default=0.05, help="chance, each way")
    parser.add_argument("--delay", type=float, default=0.04, help="seconds, each way")
    parser.add_argument("--publisher", action="store_true", help="a bad line for it too")
    add_janus_option(parser)
    arguments = parser.parse_args()
    for server in chosen(arguments):
        lines = Lines(Conditions(loss=arguments.loss, delay_s=arguments.delay))
        async with server() as running:
            try:
                print(json.dumps(await measure(running, lines, arguments)), flush=True)
            finally:
                await lines.close()


if __name__ == "__main__":
    asyncio.run(main())
