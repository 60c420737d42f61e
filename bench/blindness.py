"""How soon people hear that somebody who was verified can no longer be seen, by what blinds.

    python -m bench.blindness FILM... [--minutes 20] [--models models]

A real `candor serve` at its default policy.  Somebody before a camera sends FILM through the media
process and passes a light challenge.  Then the picture is covered in one way after the other, each
time until they are verified again, and at last something ends it: the camera, a moderator, the
line, the detection process.  An operator listens on the WebSocket.  Timed is from when the first
changed picture is handed to the encoder, or the order or the signal is given, to when the operator
is told `unknown`.  Ends and films take turns, and when the minutes are over nobody new comes.
Prints JSON, an object for each try, then a table.
"""

import argparse
import asyncio
import itertools
import os
import random
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import msgspec

from bench.blinding import COVERS, ENDS, Blinding
from bench.figures import median
from bench.light_challenge import interval
from bench.sitting import House, Sitting, opened, sitting
from detection import finding
from signaling.client.clips import Clip, read

BAR_S = 3.0
# Looks are ten seconds apart, and glances a second: what comes between them comes at any time.
AT_MOST_THEN_S = 5.0


class Try(msgspec.Struct, frozen=True):
    """What was said of a cause, and how long after it; `why` is empty where nothing was said."""

    cause: str
    film: str
    why: str
    after_s: float
    let_go: int
    """Frames that nobody looked at meanwhile, for want of time."""


async def blinded(one: Sitting, blinding: Blinding) -> Try:
    await asyncio.sleep(random.uniform(0, AT_MOST_THEN_S))
    before = await one.house.let_go()
    one.house.ear.forget()
    began_s = await blinding.act(one)
    why = await one.house.ear.hear(one.room, lambda person: person.state == "unknown")
    after_s = time.monotonic() - began_s
    # A process that was started again counts from nothing.
    let_go = max(0, await one.house.let_go() - before)
    return Try(blinding.cause, one.clip.name, why or "", round(after_s, 2), let_go)


async def tried(house: House, room: str, clip: Clip, end: Blinding) -> AsyncIterator[Try]:
    async with sitting(house, room, clip) as one:
        if not await one.is_verified():
            return
        for covering in COVERS:
            yield await blinded(one, covering)
            house.ear.forget()
            one.camera.uncover()
            if not await one.is_seen_again():
                return
        yield await blinded(one, end)


async def measured(house: House, clips: Sequence[Clip], minutes: float) -> list[Try]:
    ends_s = time.monotonic() + 60 * minutes
    found: list[Try] = []
    ends, turns = deque(ENDS), enumerate(itertools.cycle(clips))
    while time.monotonic() < ends_s:
        number, clip = next(turns)
        async for one in tried(house, f"blind-{number}", clip, ends[0]):
            found.append(one)
            print(msgspec.json.encode(one).decode(), flush=True)
            if one.cause == ends[0].cause:
                # An end that somebody did not come to is the next one's.
                ends.rotate(-1)
    return found


def print_table(found: Sequence[Try]) -> None:
    print("| what blinds | said | tries | within 3 s (95 % interval) | median, worst |")
    print("|---|---|---|---|---|")
    for blinding in COVERS + ENDS:
        mine = [one for one in found if one.cause == blinding.cause]
        if not mine:
            continue
        said = Counter(one.why or "nothing" for one in mine).most_common()
        words = ", ".join(f"`{why}` {count}" for why, count in said)
        within = sum(one.why == blinding.why and one.after_s <= BAR_S for one in mine)
        late_s = [one.after_s for one in mine]
        print(
            f"| {blinding.cause} | {words} | {len(mine)} "
            f"| {within} ({interval(within, len(mine))} %) "
            f"| {median(late_s):.1f} s, {max(late_s):.1f} s |"
        )


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.blindness")
    parser.add_argument("films", type=Path, nargs="+")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--models", type=Path, default=Path("models"))
    arguments = parser.parse_args()
    find = finding.opened(arguments.models)
    clips = [clip for clip in (read(path, find) for path in arguments.films) if clip is not None]
    async with opened(arguments.models.absolute()) as house:
        found = await measured(house, clips, arguments.minutes)
    print_table(found)
    print("load average", *(f"{one:.1f}" for one in os.getloadavg()))


if __name__ == "__main__":
    asyncio.run(main())
