"""Everything that blinds detection to somebody, what each has to be called, and how it is done.

Knows pictures, the page, the moderator, the line and the detection process.  It refuses to know
what is said of it, and when.
"""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bench.covers import Cover, dark, far, hidden, left
from bench.sitting import Sitting
from signaling import addresses, protocol
from signaling.client.clips import Clip

# A process that gets a fiftieth of a core.
SLICE_S, PAUSE_S = 0.002, 0.098

Act = Callable[[Sitting], Awaitable[float]]
"""Blinds; answers when it began, on this machine's monotonic clock."""


@dataclass(frozen=True, slots=True)
class Blinding:
    """One way, and the code that people have to be told."""

    cause: str
    why: str
    act: Act


def put_before(covering: Callable[[Clip], Cover]) -> Act:
    """Cover the camera with what is made of a film."""

    async def covered(one: Sitting) -> float:
        return await one.camera.cover(covering(one.clip))

    return covered


async def switch_off(one: Sitting) -> float:
    began_s = time.monotonic()
    await one.caller.ask(protocol.MediaState(id=one.caller.next_id(), microphone=True))
    return began_s


async def mute(one: Sitting) -> float:
    began_s, user = time.monotonic(), one.house.identity
    path = addresses.API_ROOM_MEMBER_SILENCE.path.format(room=one.room, user=user)
    await one.house.host.put(path, json={"sources": ["camera"]})
    return began_s


async def pause(one: Sitting) -> float:
    one.camera.pause()
    return time.monotonic()


async def cut(one: Sitting) -> float:
    """Nothing that this caller sends arrives any more; nobody is told."""

    def lose(*_datagram: Any) -> None:
        """Into nothing."""

    for connection in one.caller.publishing:
        for sender in connection.getSenders():
            agent = sender.transport.transport._connection  # noqa: SLF001 - no other word for it
            for line in agent._protocols:  # noqa: SLF001
                line.transport.sendto = lose
    return time.monotonic()


async def kill(one: Sitting) -> float:
    os.kill(one.process(), signal.SIGKILL)
    return time.monotonic()


async def stop(one: Sitting) -> float:
    os.kill(one.process(), signal.SIGSTOP)
    return time.monotonic()


async def starve(one: Sitting) -> float:
    """And the face leaves, which would be noticed otherwise."""
    starving = asyncio.create_task(_starved(one.process()))
    one.ends.callback(starving.cancel)
    return await one.camera.cover(left(one.clip))


async def _starved(process_id: int) -> None:
    try:
        while True:
            os.kill(process_id, signal.SIGSTOP)
            await asyncio.sleep(PAUSE_S)
            os.kill(process_id, signal.SIGCONT)
            await asyncio.sleep(SLICE_S)
    finally:
        os.kill(process_id, signal.SIGCONT)


async def take_back(one: Sitting) -> float:
    began_s = time.monotonic()
    await one.caller.consent("")
    return began_s


def decide(**rules: bool) -> Act:
    """The room's rules are others from now on."""

    async def decided(one: Sitting) -> float:
        began_s = time.monotonic()
        path = addresses.API_ROOM_DETECTION.path.format(room=one.room)
        await one.house.host.put(path, json=rules)
        return began_s

    return decided


# The camera sees again after these.
COVERS = (
    Blinding("it is dark", "too_dark", put_before(lambda _: dark)),
    Blinding("the camera is covered", "no_face", put_before(lambda _: hidden)),
    Blinding("the face leaves", "no_face", put_before(left)),
    Blinding("the face is too small", "too_small", put_before(far)),
)
ENDS = (
    Blinding("the page says that the camera is off", "camera_off", switch_off),
    Blinding("a moderator stops the video", "muted", mute),
    Blinding("pictures stop without a word", "stale", pause),
    Blinding("the line goes dead", "stale", cut),
    Blinding("detection is killed", "scorer_down", kill),
    Blinding("detection hangs", "scorer_down", stop),
    Blinding("detection is starved, and the face leaves", "no_face", starve),
    Blinding("consent is taken back", "not_consented", take_back),
    Blinding("the room has detection off", "not_checked", decide(runs=False)),
    Blinding("media are encrypted from end to end", "end_to_end_encrypted", decide(encrypted=True)),
)
