"""What people leave behind, and what they cost while they only stay: memory, descriptors, threads.

    python -m bench.churn [--joins 1000] [--idle 200] [--janus]

Viewers of one publisher come, see their first packet and leave, one after the other; every tenth is
a publisher of its own.  A tenth of the joins before that is a warm-up, and what the process holds
then is what it should hold afterwards.  Then so many viewers connect and stay, while nobody sends:
what the process has grown by is divided by them.  Prints JSON, one object for each server.
"""

import argparse
import asyncio
import json
import time

import msgspec

from bench.load_camera import Shape
from bench.load_client import LoadClient
from bench.load_description import Section
from bench.load_publisher import LoadPublisher, sending
from bench.servers import (
    Server,
    add_janus_option,
    chosen,
    descriptors,
    directly,
    resident_bytes,
    threads,
)

CAMERA = Shape(300_000)
SECTIONS = [Section("audio", "recvonly", "0"), Section("video", "recvonly", "1")]
# Goodbyes take two seconds at most.
QUIET_S = 3.0
PUBLISHER_EVERY = 10
FIRST_PACKET_PATIENCE_S = 5.0


class Held(msgspec.Struct, frozen=True):
    """What a process holds now."""

    resident_kb: int
    descriptors: int
    threads: int


def held(server: Server) -> Held:
    number = server.process_id
    return Held(resident_bytes(number) // 1024, descriptors(number), threads(number))


async def come_and_go(server: Server, number: int) -> None:
    if number % PUBLISHER_EVERY == 0:
        publisher = LoadPublisher([CAMERA])
        await server.publish(publisher.client, publisher.sections(), f"guest{number}")
        await server.leave(publisher.client)
        return
    client = LoadClient()
    await server.watch(client, SECTIONS, ["ada"], directly)
    loop = asyncio.get_running_loop()
    await asyncio.wait_for(loop.sock_recv(client.socket, 2048), FIRST_PACKET_PATIENCE_S)
    await server.leave(client)


async def churn(server: Server, joins: int) -> dict[str, object]:
    warm_up = max(1, joins // 10)
    for number in range(warm_up):
        await come_and_go(server, number)
    await asyncio.sleep(QUIET_S)
    before = held(server)
    began_s = time.monotonic()
    for number in range(joins):
        await come_and_go(server, number)
    took_s = time.monotonic() - began_s
    await asyncio.sleep(QUIET_S)
    after = held(server)
    return {
        "joins": joins,
        "joins_per_second": round(joins / took_s, 1),
        "before": msgspec.to_builtins(before),
        "after": msgspec.to_builtins(after),
        "resident_grew_percent": round(100 * (after.resident_kb / before.resident_kb - 1), 2),
    }


async def stay(server: Server, count: int) -> dict[str, object]:
    """So many viewers who are connected, while nothing is sent."""
    before = held(server)
    clients = [LoadClient() for _ in range(count)]
    for client in clients:
        await server.watch(client, SECTIONS, ["ada"], directly)
    await asyncio.sleep(1.0)
    after = held(server)
    for client in clients:
        await server.leave(client)
    return {
        "idle": count,
        "kb_per_idle_connection": round((after.resident_kb - before.resident_kb) / count, 1),
        "descriptors_with_idle": after.descriptors - before.descriptors,
        "threads_with_idle": after.threads - before.threads,
    }


async def measure(server: Server, arguments: argparse.Namespace) -> dict[str, object]:
    publisher = LoadPublisher([CAMERA])
    await server.publish(publisher.client, publisher.sections(), "ada")
    with sending([publisher]):
        await asyncio.sleep(1.0)
        results = {"server": server.name, **await churn(server, arguments.joins)}
    results |= await stay(server, arguments.idle)
    await server.leave(publisher.client)
    return results


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.churn")
    parser.add_argument("--joins", type=int, default=1000)
    parser.add_argument("--idle", type=int, default=200)
    add_janus_option(parser)
    arguments = parser.parse_args()
    for server in chosen(arguments):
        async with server() as running:
            print(json.dumps(await measure(running, arguments)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
