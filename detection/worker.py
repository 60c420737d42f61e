"""A detection process from within: frames come in by the tap, scores go out to signaling.

Knows who is tapped, whose turn it is, and which thread does the work: one, so that a decoder or a
network that hangs is seen by the loop, which then stops beating.  It refuses to know how anything
is found out (`participant`) and who is interested.
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from detection.clocks import MediaClock
from detection.control import (
    Attended,
    Capture,
    Captured,
    Channel,
    Command,
    Described,
    Learned,
    Left,
    Load,
    Ready,
    Scored,
    Told,
    WorkerConfig,
)
from detection.costs import Costs
from detection.decoder import Encoded
from detection.faults import say, tell_fault
from detection.fusion import State
from detection.panel import panel
from detection.participant import Participant
from detection.policy import NOW_AND_THEN, Turn, Turns
from detection.presence import Presence
from detection.signals import Asked
from detection.tap import TapConnection, TapListener
from detection.tools import Tools, open_tools, plug_in
from detection.tracks import MOST_KEY_FRAMES, TappedTrack, TrackKey, Whose
from detection.wire import TapClock, TapClosed, TapFrame, TapMessage, TapOpened

# A turn takes a tenth of a second; one that takes so long hangs.
STUCK_AFTER_S = 3.0
# A burst is over when nothing came for so long; without a pause, look at what there is so often.
BURST_ENDS_S = 0.7
CONCLUDE_EVERY_S = 2.0
# Somebody waits for what comes of a challenge.
CONCLUDE_ATTENDED_EVERY_S = 0.25
JUDGE_EVERY_S = 1.0
IDLE_S = 0.1
# Somebody suspected is looked at without a pause; a challenge, until its answer must have come.
AFTER_CHALLENGE_S = 3.0
_SUSPECTED = frozenset({State.SUSPICIOUS, State.LIKELY_SYNTHETIC})

Result = TypeVar("Result")


@dataclass
class _Watched:
    """One participant, and when what happened."""

    participant: Participant
    tracks: dict[TrackKey, TappedTrack] = field(default_factory=dict)
    presence: Presence = field(default_factory=Presence)
    gone: str = ""
    """Why nothing was seen of them when they were judged last."""
    came_s: float = 0.0
    concluded_s: float = 0.0
    judged_s: float = 0.0
    attended_until_s: float = 0.0
    state: State = State.UNKNOWN
    looked_s: float = 0.0
    refused: Counter[str] = field(default_factory=Counter)


class Worker:
    """`async with Worker(config, channel) as worker: await worker.run()`."""

    def __init__(
        self,
        config: WorkerConfig,
        channel: Channel[Command],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._channel = channel
        self._clock = clock
        self._tools = Tools()
        self._tap = TapListener(config.tap_socket, self._receive_tap, self._lose_tap)
        self._tracks: dict[TrackKey, TappedTrack] = {}
        self._watched: dict[Whose, _Watched] = {}
        self._sources: dict[str, dict[str, str]] = {}
        self._turns: Turns[Whose, TrackKey] = Turns()
        self._came = asyncio.Event()
        self._pool = ThreadPoolExecutor(1, "looking")
        self._turn_began_s: float | None = None
        self._busy_s = 0.0
        self._looked = 0
        self._numbers = 0
        self._costs = Costs()
        self._checks: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        self._tools = await self._on_thread(self._open_tools)
        await self._tap.open()
        self._channel.send(Ready(self._config.name, dict(self._tools.off)))
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._tap.close()
        await self._channel.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def stuck(self) -> bool:
        """The work hangs: stop beating, and be started again."""
        began_s = self._turn_began_s
        return began_s is not None and self._clock() - began_s > STUCK_AFTER_S

    async def run(self) -> None:
        """Work until signaling is gone."""
        async with asyncio.TaskGroup() as group:
            others = [
                group.create_task(self._work()),
                group.create_task(self._tell_load()),
                group.create_task(self._plug_in()),
            ]
            while (commands := await self._channel.receive()) is not None:
                for command in commands:
                    await self._obey(command)
            for task in others:
                task.cancel()

    # --- what signaling says ---

    async def _obey(self, command: Command) -> None:
        match command:
            case Told(room, identity, note):
                watched = self._watched.get((room, identity))
                if watched is None:
                    return
                if isinstance(note, Asked):
                    ends_s = note.ends_s + AFTER_CHALLENGE_S
                    self._attend(watched, max(watched.attended_until_s, ends_s))
                await self._on_thread(partial(watched.participant.tell, note))
            case Described(session, sources):
                if sources:
                    self._sources[session] = sources
                else:
                    self._sources.pop(session, None)
                self._apply_sources(session)
            case Capture():
                await self._capture(command)
            case Attended(room, identity, until_s):
                attended = self._watched.get((room, identity))
                if attended is not None:
                    self._attend(attended, until_s)

    async def _capture(self, asked: Capture) -> None:
        watched = self._watched.get((asked.room, asked.identity))
        if watched is None:
            return
        keepsake = watched.participant.keepsake
        picture, sound = await self._on_thread(lambda: (keepsake.picture(), keepsake.sound()))
        self._channel.send(Captured(asked.name, picture, sound))

    def _apply_sources(self, session: str) -> None:
        """Let go of tracks that turn out to show a screen."""
        for key, track in list(self._tracks.items()):
            if track.opened.session == session and self._is_screen(track.opened):
                track.refuse()
                self._close_track(key)

    def _is_screen(self, opened: TapOpened) -> bool:
        return self._sources.get(opened.session, {}).get(opened.mid, "").startswith("screen")

    def _attend(self, watched: _Watched, until_s: float) -> None:
        watched.attended_until_s = until_s
        self._set_sampling(watched)

    def _set_sampling(self, watched: _Watched) -> None:
        closely = self._clock() < watched.attended_until_s or watched.state in _SUSPECTED
        watched.participant.attend(closely)
        for track in watched.tracks.values():
            track.attend(closely)

    # --- what media processes say ---

    def _receive_tap(self, connection: TapConnection, message: TapMessage) -> None:
        key = (connection.number, message.track)
        if isinstance(message, TapOpened):
            self._open_track(connection, key, message)
            return
        track = self._tracks.get(key)
        if track is None:
            return
        if isinstance(message, TapClosed):
            self._close_track(key)
        elif isinstance(message, TapClock):
            track.clock.tell(message.timestamp, message.ntp_time)
        else:
            self._receive_frame(key, track, message)

    def _open_track(self, connection: TapConnection, key: TrackKey, opened: TapOpened) -> None:
        self._numbers += 1
        track = TappedTrack(connection, opened, self._numbers, MediaClock(opened.kind))
        known = opened.kind in NOW_AND_THEN and opened.view in MOST_KEY_FRAMES
        if not known or self._is_screen(opened):
            track.refuse()
            return
        watched = self._watched.get(track.whose) or self._begin(track.whose)
        if opened.unavailable:
            if opened.kind == "video":
                watched.participant.blind = opened.unavailable
        else:
            try:
                watched.participant.open_track(track.number, opened.codec, glances=track.glances)
            except ValueError:
                watched.participant.blind = "codec_not_supported"
        self._tracks[key] = watched.tracks[key] = track

    def _begin(self, whose: Whose) -> _Watched:
        finder, signals = self._tools.finder, panel(self._tools)
        participant = Participant(finder, signals, on_fault=self._note_fault, costs=self._costs)
        if finder is None:
            participant.blind = "models_missing"
        self._watched[whose] = _Watched(participant)
        return self._watched[whose]

    def _note_fault(self, signal: str) -> None:
        tell_fault(f"signal {signal}")

    def _receive_frame(self, key: TrackKey, track: TappedTrack, message: TapFrame) -> None:
        frame = Encoded(
            message.arrived_s,
            track.clock.media_s(message.timestamp, message.arrived_s),
            message.key_frame,
            message.follows_loss,
            message.burst,
            message.data,
            message.rotation,
        )
        watched, now = self._watched[track.whose], self._clock()
        waiting = self._turns.glances if track.glances else self._turns.looks
        if not waiting.put(track.whose, key, frame):
            track.want_key_frame(now)
        if track.glances:
            watched.presence.come(now)
        else:
            watched.came_s = now
            self._came.set()

    def _close_track(self, key: TrackKey) -> None:
        track = self._tracks.pop(key)
        watched = self._watched[track.whose]
        del watched.tracks[key]
        if track.glances:
            watched.presence.leave()
        # Behind whatever the thread is at.
        self._pool.submit(watched.participant.close_track, track.number, self._clock())
        if not watched.tracks:
            del self._watched[track.whose]
            self._turns.forget(track.whose)
            self._channel.send(Left(*track.whose))

    def _lose_tap(self, connection: TapConnection) -> None:
        for key in [one for one in self._tracks if one[0] == connection.number]:
            self._close_track(key)

    # --- the work ---

    async def _work(self) -> None:
        while True:
            turn = self._turns.take(self._clock())
            if turn is not None:
                await self._look(turn)
            for whose, watched in list(self._watched.items()):
                await self._conclude(whose, watched)
            if turn is None:
                self._came.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._came.wait(), IDLE_S)

    async def _look(self, turn: Turn[Whose, TrackKey]) -> None:
        watched = self._watched.get(turn.whose)
        if watched is None:
            return
        began_s = self._clock()
        needing = await self._on_thread(lambda: self._show(watched, turn.frames))
        now = self._clock()
        self._turns.took(turn, now - began_s, now)
        if turn.glances:
            await self._notice(watched, turn, now)
        else:
            watched.looked_s = now
        self._looked += len(turn.frames)
        for key in needing:
            if key in self._tracks:
                self._tracks[key].want_key_frame(now)

    async def _notice(self, watched: _Watched, turn: Turn[Whose, TrackKey], now: float) -> None:
        """What glances told is said at once."""
        watched.presence.tried(turn.frames[-1][1].at_s)
        if await self._on_thread(lambda: watched.participant.notice(now)):
            watched.judged_s = -math.inf

    def _show(self, watched: _Watched, frames: list[tuple[TrackKey, Encoded]]) -> set[TrackKey]:
        """On the thread; the tracks that need a key frame."""
        needing = set()
        for key, frame in frames:
            track = self._tracks.get(key)
            try:
                if track is not None and not watched.participant.receive(track.number, frame):
                    needing.add(key)
            except Exception:
                # One frame of one participant; whatever it was, it is told once.
                tell_fault("looking")
        return needing

    async def _conclude(self, whose: Whose, watched: _Watched) -> None:
        now = self._clock()
        concluded = watched.participant.fresh and self._is_time(whose, watched, now)
        if concluded:
            await self._on_thread(lambda: watched.participant.conclude(now))
            watched.concluded_s = now
            for template in watched.participant.learned():
                self._channel.send(Learned(*whose, template))
        came_or_went = await self._miss(watched, now)
        if concluded or came_or_went or now - watched.judged_s >= JUDGE_EVERY_S:
            watched.judged_s = now
            judged = watched.participant.judge(now, watched.gone)
            watched.state = judged.score.state
            watched.refused = watched.participant.refused()
            self._checks[judged.score.state.value] += concluded
            self._set_sampling(watched)
            if whose in self._watched:
                self._channel.send(Scored(*whose, judged.score, judged.record))

    async def _miss(self, watched: _Watched, now: float) -> bool:
        """Whether somebody has just gone out of sight, or is back: continuity ends there."""
        gone = watched.presence.gone(now, watched.participant.glanced_s)
        if gone == watched.gone:
            return False
        watched.gone = gone
        if gone:
            await self._on_thread(lambda: watched.participant.cut(now))
        return True

    def _is_time(self, whose: Whose, watched: _Watched, now: float) -> bool:
        if watched.attended_until_s > now:
            return now - watched.concluded_s >= CONCLUDE_ATTENDED_EVERY_S
        if now - watched.came_s <= BURST_ENDS_S:
            return False
        return now - watched.concluded_s >= CONCLUDE_EVERY_S or not self._turns.looks.has(whose)

    async def _on_thread(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._timed, work)

    def _timed(self, work: Callable[[], Result]) -> Result:
        began_s = self._turn_began_s = self._clock()
        try:
            return work()
        finally:
            self._turn_began_s = None
            self._busy_s += self._clock() - began_s

    def _open_tools(self) -> Tools:
        tools = open_tools(Path(self._config.models))
        for name, reason in tools.off.items():
            say("warning", "detection goes without", what=name, reason=reason)
        return tools

    async def _plug_in(self) -> None:
        """Beside the work: nobody waits for a network of 90 MB."""
        off = await asyncio.to_thread(plug_in, self._tools, Path(self._config.models))
        if off or self._tools.detectors:
            self._channel.send(Ready(self._config.name, {**self._tools.off, **off}))

    async def _tell_load(self) -> None:
        while True:
            began_s, busy_s = self._clock(), self._busy_s
            await asyncio.sleep(1.0)
            now = self._clock()
            looks = [now - one.looked_s for one in self._watched.values() if one.looked_s]
            self._channel.send(
                Load(
                    len(self._watched),
                    len(self._turns),
                    self._looked,
                    max(looks, default=0.0),
                    (self._busy_s - busy_s) / max(1e-3, now - began_s),
                    self._turns.dropped(),
                    dict(sum((one.refused for one in self._watched.values()), Counter())),
                    dict(self._checks),
                    dict(self._costs.spent_s),
                )
            )
