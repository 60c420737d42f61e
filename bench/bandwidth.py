"""A viewer whose line is cut and freed again: what happens to its sound and its picture.

    python -m bench.bandwidth [--rate 300000] [--before 12] [--cut 12] [--after 15]

One publisher sends speech and a simulcast of three encodings; the viewer gives transport-wide
feedback.  Its line is wide at first, then takes `rate` bits a second with a queue of 200 ms before
it, then is wide again.  A picture's encoding is told by its height.  Nothing is decoded.  Prints
JSON; `pictures` lists (seconds since the beginning, height) wherever the height changed.
"""

import argparse
import asyncio
import json
import time
from itertools import pairwise

from bench.load_camera import Shape
from bench.load_client import LoadClient
from bench.load_description import Section
from bench.load_publisher import LoadPublisher, sending
from bench.load_viewer import LoadViewer, Picture, Seen, watching
from bench.servers import Server, candor
from tests.netsim import Conditions, Proxy

ENCODINGS = {
    "q": Shape(150_000, width=320, height=180),
    "h": Shape(500_000, width=640, height=360),
    "f": Shape(1_500_000, width=1280, height=720),
}
LOW, TOP = ENCODINGS["q"].height, ENCODINGS["f"].height
LINE = Conditions(delay_s=0.02)
SECTIONS = [Section("audio", "recvonly", "0"), Section("video", "recvonly", "1")]


class Times:
    """When what was done, on the monotonic clock."""

    def __init__(self) -> None:
        self.began_s = self.cut_s = self.freed_s = time.monotonic()


async def measure(server: Server, arguments: argparse.Namespace) -> dict[str, object]:
    publisher = LoadPublisher(list(ENCODINGS.values()), list(ENCODINGS))
    await server.publish(publisher.client, publisher.sections(), "ada")
    client = LoadClient()
    async with Proxy(LINE, LINE) as proxy:
        with sending([publisher]):
            await asyncio.sleep(1.0)
            times = Times()
            await server.watch(client, SECTIONS, ["ada"], proxy.lead)
            with watching([LoadViewer(client)]) as stop:
                await asyncio.sleep(arguments.before)
                times.cut_s = time.monotonic()
                proxy.down.change(rate_bps=arguments.rate)
                await asyncio.sleep(arguments.cut)
                times.freed_s = time.monotonic()
                proxy.down.change(rate_bps=None)
                await asyncio.sleep(arguments.after)
                (seen,) = await asyncio.get_running_loop().run_in_executor(None, stop)
        await server.leave(client)
    await server.leave(publisher.client)
    return report(server.name, seen, times, proxy.down.overflowed)


def report(name: str, seen: Seen, times: Times, overflowed: int) -> dict[str, object]:
    pictures = seen.pictures
    numbers = [number for _, number in seen.audio]
    during = [one for one in pictures if times.cut_s <= one.at_s <= times.freed_s]
    return {
        "server": name,
        "top_at_first_s": first(pictures, TOP, times.began_s),
        "low_after_cut_s": first(pictures, LOW, times.cut_s),
        "top_after_freed_s": first(pictures, TOP, times.freed_s),
        "longest_audio_gap_ms": longest_ms([at_s for at_s, _ in seen.audio]),
        "audio_lost": max(numbers) - min(numbers) + 1 - len(set(numbers)) if numbers else None,
        "audio_packets": len(set(numbers)),
        "longest_picture_gap_in_cut_ms": longest_ms([one.at_s for one in during]),
        "pictures_in_cut": len(during),
        "dropped_by_line": overflowed,
        "pictures": changes(pictures, times.began_s),
    }


def first(pictures: list[Picture], height: int, since_s: float) -> float | None:
    """Seconds until the first picture of this height; None if there was none."""
    for one in pictures:
        if one.at_s >= since_s and one.height == height:
            return round(one.at_s - since_s, 2)
    return None


def longest_ms(times: list[float]) -> int:
    return round(1000 * max((later - one for one, later in pairwise(times)), default=0.0))


def changes(pictures: list[Picture], began_s: float) -> list[tuple[float, int]]:
    found: list[tuple[float, int]] = []
    for one in pictures:
        if not found or found[-1][1] != one.height:
            found.append((round(one.at_s - began_s, 1), one.height))
    return found


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.bandwidth")
    parser.add_argument("--rate", type=float, default=300_000, help="bits a second")
    parser.add_argument("--before", type=float, default=12.0, help="seconds")
    parser.add_argument("--cut", type=float, default=12.0, help="seconds")
    parser.add_argument("--after", type=float, default=15.0, help="seconds")
    arguments = parser.parse_args()
    async with candor() as running:
        print(json.dumps(await measure(running, arguments)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
