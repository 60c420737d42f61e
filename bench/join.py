"""How long a viewer waits: from the request to the first picture that could be decoded.

    python -m bench.join [--joins 50] [--pause 1.2] [--janus]

One publisher sends 720p at 1.2 Mb/s with speech, and answers a request for a key frame with the
next picture of its camera, which comes every 33 ms.  The viewers come one after the other.  Their
own handshake is part of the time, as it is for people.  A server may limit the key frames that it
asks for to one a second; with a shorter pause the time until the next counts too.  Prints JSON,
one object for each server.
"""

import argparse
import asyncio
import json
import time

from bench.figures import percentile
from bench.load_camera import Shape
from bench.load_client import LoadClient
from bench.load_description import Section
from bench.load_publisher import LoadPublisher, Sent, sending
from bench.load_viewer import POLL_INTERVAL_S, LoadViewer
from bench.servers import Server, add_janus_option, chosen, directly

CAMERA = Shape(1_200_000, width=1280, height=720)
PATIENCE_S = 10.0


def wanted() -> list[Section]:
    return [Section("audio", "recvonly", "0"), Section("video", "recvonly", "1")]


async def join(server: Server) -> tuple[float, float]:
    """Seconds until the connection stands, and until the first whole picture."""
    client = LoadClient()
    began_s = time.monotonic()
    await server.watch(client, wanted(), ["ada"], directly)
    connected_s = time.monotonic() - began_s
    try:
        return connected_s, await first_picture(LoadViewer(client)) - began_s
    finally:
        await server.leave(client)


async def first_picture(viewer: LoadViewer) -> float:
    """When it was whole."""
    loop = asyncio.get_running_loop()
    arrived = asyncio.Event()
    loop.add_reader(viewer.client.socket, arrived.set)
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not viewer.receive_waiting():
                viewer.poll()
                arrived.clear()
                await wait_for(arrived, POLL_INTERVAL_S)
    finally:
        loop.remove_reader(viewer.client.socket)
    return viewer.pictures[0].at_s


async def wait_for(event: asyncio.Event, at_most_s: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), at_most_s)
    except TimeoutError:
        return


async def measure(server: Server, joins: int, pause_s: float) -> dict[str, object]:
    publisher = LoadPublisher([CAMERA])
    await server.publish(publisher.client, publisher.sections(), "ada")
    waits = []
    with sending([publisher]) as stop:
        await asyncio.sleep(1.0)
        for _ in range(joins):
            waits.append(await join(server))
            await asyncio.sleep(pause_s)
        sent = stop()
    await server.leave(publisher.client)
    return report(server.name, waits, sent)


def report(name: str, waits: list[tuple[float, float]], sent: Sent) -> dict[str, object]:
    connected, pictures = ([1000 * one for one in ones] for ones in zip(*waits, strict=True))
    return {
        "server": name,
        "joins": len(waits),
        "connected_median_ms": round(percentile(connected, 50)),
        "first_picture_median_ms": round(percentile(pictures, 50)),
        "first_picture_p95_ms": round(percentile(pictures, 95)),
        "first_picture_worst_ms": round(max(pictures)),
        "key_frame_requests": sent.requests,
        "key_frames": sent.key_frames,
    }


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.join")
    parser.add_argument("--joins", type=int, default=50)
    parser.add_argument("--pause", type=float, default=1.2, help="seconds between two joins")
    add_janus_option(parser)
    arguments = parser.parse_args()
    for server in chosen(arguments):
        async with server() as running:
            print(json.dumps(await measure(running, arguments.joins, arguments.pause)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
