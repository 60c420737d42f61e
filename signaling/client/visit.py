"""One visit to a room from beginning to end, and what is to be said of it."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from signaling.client.answering import Answer, Answering
from signaling.client.caller import TrackMaker, connect
from signaling.client.clips import Clip
from signaling.client.lighting import OFFICE
from signaling.client.sending import Silence, tracks_of
from signaling.client.talking import Talk
from signaling.client.watching import Heard, Watcher, lost_of, opinion


@dataclass(frozen=True, slots=True)
class Plan:
    """Where to go, what to do there, and for how long."""

    server: str
    token: str
    room: str
    publish: str | None
    subscribe: bool
    seconds: float
    folder: Path | None = None
    check_certificate: bool = True
    consent: str | None = None
    """Which text on detection is agreed to."""
    say: str | None = None
    sitter: Clip | None = None
    """Who sits before the camera and answers challenges; sent in place of `publish`."""
    answer: Answer = "honest"
    """How the sitter answers."""


class Answered(msgspec.Struct, frozen=True):
    """What came of a challenge."""

    outcome: str
    reason: str
    strength: float


class Report(msgspec.Struct, frozen=True):
    """How it went; `opinion` is an estimate from loss alone, null where nothing was heard."""

    room: str
    joined_s: float
    tracks: tuple[Heard, ...]
    packets: int
    lost: int
    opinion: float | None
    rejoined: int
    events: int
    said: int | None
    """At which sequence of the room's stream."""
    messages: int
    challenges: tuple[Answered, ...] = ()


async def visit(plan: Plan) -> Report:
    """Go there, and come back; `Refusal` or an error of the network if that cannot be."""
    if plan.publish is not None:
        # A file that is not there is told before anybody is called.
        for track in tracks_of(plan.publish):
            track.stop()
    began_at = time.monotonic()
    watcher = Watcher(plan.folder)
    async with connect(plan.server, plan.token, watcher.take, ssl=plan.check_certificate) as caller:
        try:
            watcher.begin()
            await caller.enter(plan.room, consent=plan.consent)
            if plan.subscribe:
                await caller.watch()
            answering = Answering(caller, plan.answer) if plan.sitter is not None else None
            tracks = _tracks(plan, answering)
            if tracks is not None:
                await caller.publish(tracks)
            joined_s = time.monotonic() - began_at
            said = plan.say and await Talk(caller, plan.room).send_message(plan.say)
            await asyncio.sleep(plan.seconds)
            packets = await lost_of(caller.watching)
        finally:
            await watcher.close()
        heard = watcher.heard()
        return Report(
            room=plan.room,
            joined_s=round(joined_s, 3),
            tracks=heard,
            packets=packets.received,
            lost=packets.lost,
            opinion=opinion(packets.fraction, 0.0) if any(one.frames for one in heard) else None,
            rejoined=caller.lost,
            events=len(caller.events),
            said=said.sequence if said else None,
            messages=sum(event.kind == "message.posted" for event in caller.events),
            challenges=() if answering is None else tuple(_answered(answering)),
        )


def _tracks(plan: Plan, answering: Answering | None) -> TrackMaker | None:
    """What is sent, made anew for each connection."""
    sitter, random = plan.sitter, np.random.default_rng()
    if answering is not None and sitter is not None:
        return lambda: (Silence(), answering.sit(sitter, OFFICE, random))
    return None if plan.publish is None else partial(tracks_of, plan.publish)


def _answered(answering: Answering) -> Iterator[Answered]:
    while not answering.ended.empty():
        ended = answering.ended.get_nowait()
        yield Answered(ended.outcome, ended.reason, ended.strength)
