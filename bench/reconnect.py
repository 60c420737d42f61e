"""Cuts of every kind: how long until the viewer decodes pictures again that were made after it.

    python -m bench.reconnect [--cuts 50] [--kinds socket address reload processes]

One person shows pictures with numbers, another watches; both are headless callers of a `candor
serve` in a process of its own, and come back by themselves as a page does.  Every second cut hits
the one who shows, the others the one who watches.  `socket`: its WebSocket is aborted.  `address`:
its media goes on from another port, and it does not know.  `reload`: a new caller with the same
identity, every other time after a close frame.  `processes`: the media process is killed, and then,
when all is well again, signaling with kill -9, which is started again at once on the same data.

After each cut, when all is well again: members of the room that are doubled, missing or too many,
and tiles of the viewer beyond the one that there is.  Prints a line of JSON for each kind.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.figures import percentile
from bench.reconnect_people import Clock, Person, cut_socket, move
from bench.serving import Serving, serving
from signaling.auth.grants import Grants
from signaling.client import connect

ROOM = "bench"
BACK_WITHIN_S = 45.0
SETTLE_S = 1.5
# After what a person who is back is not there twice any more, if they were at all.
LOOK_WITHIN_S = 5.0
WATCHES = Grants(subscribe=True, hidden=True)


@dataclass
class Tally:
    """Of one kind."""

    media_s: list[float] = field(default_factory=list)
    socket_s: list[float] = field(default_factory=list)
    start_s: list[float] = field(default_factory=list)
    ghost_tiles: int = 0
    doubled_members: int = 0
    missing_members: int = 0
    never_back: int = 0

    def as_json(self, kind: str) -> dict[str, object]:
        spans = {
            "media_back": self.media_s,
            "socket_back": self.socket_s,
            "start": self.start_s,
        }
        figures = {
            f"{name}_{word}_s": round(percentile(values, percent), 3)
            for name, values in spans.items()
            if values
            for word, percent in (("p50", 50), ("p95", 95), ("max", 100))
        }
        return {
            "kind": kind,
            "cuts": len(self.media_s) + self.never_back,
            **figures,
            "ghost_tiles": self.ghost_tiles,
            "doubled_members": self.doubled_members,
            "missing_members": self.missing_members,
            "never_back": self.never_back,
        }


class Stage:
    """A server, two people, and somebody hidden who counts them."""

    def __init__(self, candor: Serving) -> None:
        self.candor = candor
        clock = Clock()
        grants = Grants(publish=("camera", "microphone"), subscribe=True)
        self.shows, self.watches = (
            Person(candor.address, candor.token(ROOM, name, grants), ROOM, clock, shows=shows)
            for name, shows in (("ada", True), ("bob", False))
        )

    def of(self, number: int) -> Person:
        return (self.shows, self.watches)[number % 2]

    async def measure(self, tally: Tally, cut: Callable[[], Awaitable[object]]) -> None:
        """Cut, and wait until pictures that were made since are seen."""
        await self.settle()
        callers = self.shows.caller, self.watches.caller
        backs = [len(one.back_after_s) for one in callers]
        try:
            async with asyncio.timeout(BACK_WITHIN_S):
                began_s = time.monotonic()
                await cut()
                back_s = await self.watches.sees(began_s) - began_s
                # What was under way when it happened is no proof: it has to go on.
                await self.settle()
        except TimeoutError:
            tally.never_back += 1
            await self.start_over()
            return
        tally.media_s.append(back_s)
        for caller, before in zip(callers, backs, strict=True):
            tally.socket_s += caller.back_after_s[before:]
        await self.count(tally)

    async def start_over(self) -> None:
        """What one cut broke is not counted for the next."""
        for person in (self.shows, self.watches):
            await person.close_page(said=True)
            await person.open_page()

    async def settle(self) -> None:
        """Pictures come, and went on doing so for a moment that is not always the same."""
        await asyncio.sleep(SETTLE_S + random.random())
        await self.watches.sees(time.monotonic())

    async def count(self, tally: Tally) -> None:
        end_s = time.monotonic() + LOOK_WITHIN_S
        while (wrong := await self.wrong()) != (0, 0, 0) and time.monotonic() < end_s:  # noqa: ASYNC110 - only asking tells
            await asyncio.sleep(0.5)
        ghosts, doubled, missing = wrong
        tally.ghost_tiles += ghosts
        tally.doubled_members += doubled
        tally.missing_members += missing

    async def wrong(self) -> tuple[int, int, int]:
        """Tiles too many, devices too many, people too few."""
        token = self.candor.token(ROOM, "counts", WATCHES)
        async with connect(self.candor.address, token) as caller:
            present = (await caller.enter(ROOM)).present
        devices = {one.identity: one.devices for one in present}
        tiles = [one for one in self.watches.sections if one.source == "camera"]
        doubled = sum(devices.values()) - len(devices) + len(devices.keys() - {"ada", "bob"})
        return len(tiles) - 1, doubled, len({"ada", "bob"} - devices.keys())


@asynccontextmanager
async def staged(data: Path) -> AsyncIterator[Stage]:
    async with serving(data, HOST="127.0.0.1", ADVERTISE_IP="127.0.0.1") as candor:
        await candor.make_rooms(ROOM)
        stage = Stage(candor)
        await stage.shows.open_page()
        await stage.watches.open_page()
        try:
            yield stage
        finally:
            for person in (stage.shows, stage.watches):
                await person.close_page(said=True)


async def socket_cuts(stage: Stage, cuts: int) -> list[dict[str, object]]:
    tally = Tally()
    for number in range(cuts):

        async def cut(number: int = number) -> None:
            cut_socket(stage.of(number).caller)

        await stage.measure(tally, cut)
    return [tally.as_json("socket cut")]


async def address_changes(stage: Stage, cuts: int) -> list[dict[str, object]]:
    tally = Tally()
    for number in range(cuts):

        async def cut(number: int = number) -> None:
            caller = stage.of(number).caller
            for connection in (*caller.publishing, *caller.watching):
                await move(connection)

        await stage.measure(tally, cut)
    return [tally.as_json("address changed")]


async def reloads(stage: Stage, cuts: int) -> list[dict[str, object]]:
    tally = Tally()
    for number in range(cuts):

        async def cut(number: int = number) -> None:
            person = stage.of(number)
            await person.close_page(said=number % 4 < 2)
            await person.open_page()

        await stage.measure(tally, cut)
    return [tally.as_json("page reloaded")]


async def kills(stage: Stage, cuts: int) -> list[dict[str, object]]:
    """The two take turns: whoever starts signaling again starts with a fresh budget of restarts."""
    worker, whole = Tally(), Tally()
    start_s: list[float] = []

    async def kill_worker() -> None:
        os.kill(stage.candor.child("sfu"), signal.SIGKILL)

    async def kill_signaling() -> None:
        await stage.candor.end(signal.SIGKILL)
        began_s = time.monotonic()
        await stage.candor.start()
        start_s.append(time.monotonic() - began_s)

    for _ in range(cuts):
        await stage.measure(worker, kill_worker)
        await stage.measure(whole, kill_signaling)
    whole.start_s = start_s
    return [worker.as_json("media process killed"), whole.as_json("signaling killed")]


KINDS = {
    "socket": socket_cuts,
    "address": address_changes,
    "reload": reloads,
    "processes": kills,
}


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.reconnect")
    parser.add_argument("--cuts", type=int, default=50, help="of each kind")
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=list(KINDS))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for kind in arguments.kinds:
            async with staged(Path(folder) / kind) as stage:
                for found in await KINDS[kind](stage, arguments.cuts):
                    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
