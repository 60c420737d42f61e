"""One visit to a room from beginning to end, and what is to be said of it."""

import asyncio
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from signaling.client.caller import connect
from signaling.client.sending import tracks_of
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
            if plan.publish is not None:
                await caller.publish(partial(tracks_of, plan.publish))
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
        )
