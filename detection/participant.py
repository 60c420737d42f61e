"""One participant under the eyes of all signals: frames and notes in, scores out.

Knows which signals there are, what they said and for how long that counts.  The same for the
server and for `candor evaluate`.  It refuses to know sockets, processes and other participants;
the clock is an argument.
"""

import math
from collections import Counter, deque
from collections.abc import Callable, Sequence

import msgspec

from detection.costs import Costs
from detection.decoder import Encoded, PictureDecoder, SoundDecoder
from detection.evidence import Evidence, Outcome, bounded
from detection.faces import Finder
from detection.following import Follower
from detection.fusion import Record, Score, State, Thresholds, judge
from detection.keepsake import Keepsake
from detection.media import Glance, Picture, Sight, Sound
from detection.policy import (
    GLANCE_EVERY_S,
    GLANCE_FOR_FACES_EVERY_S,
    LOOK_CLOSELY_EVERY_S,
    LOOK_EVERY_S,
)
from detection.signals import Note, Signal, Template
from detection.signals.quality import Quality
from detection.weighing import fade

MAX_EVIDENCE = 200


class Judged(msgspec.Struct, frozen=True):
    """A score and the record that it follows from."""

    score: Score
    record: Record


class Participant:
    """From coming to leaving."""

    def __init__(
        self,
        finder: Finder | None,
        signals: Sequence[Signal],
        *,
        thresholds: Thresholds | None = None,
        on_fault: Callable[[str], None] = lambda signal: None,
        costs: Costs | None = None,
    ) -> None:
        """Without a `finder` nothing can be seen.  `on_fault` is told which signal broke."""
        self._finder = finder
        self._follower = Follower(finder) if finder is not None else None
        self._signals = list(signals)
        self._thresholds = thresholds or Thresholds()
        self._on_fault = on_fault
        self._costs = costs or Costs()
        self._decoders: dict[int, PictureDecoder | SoundDecoder] = {}
        self._glancing: set[int] = set()
        self._glance_slot = 0
        self._glanced_for_faces_s = -math.inf
        self._said = 0
        self._evidence: deque[Evidence] = deque(maxlen=MAX_EVIDENCE)
        self._state = State.UNKNOWN
        self._cut_s: float | None = None
        self._looked_media_s: float | None = None
        self._look_every_s = LOOK_EVERY_S
        self._ceiling = 0.0
        self.keepsake = Keepsake()
        self.blind = ""
        self.fresh = False
        """Something came since the last conclusion."""
        self.glanced_s = -math.inf
        """When the last small picture of which something came had arrived."""

    def open_track(self, track: int, codec: str, *, glances: bool = False) -> None:
        """Raises ValueError for a codec that cannot be decoded."""
        known = codec.lower()
        self._decoders[track] = SoundDecoder() if known == "opus" else PictureDecoder(known)
        if glances:
            self._glancing.add(track)

    def close_track(self, track: int, now: float) -> None:
        """Continuity ends with a track of pictures; that of sound says nothing of a face."""
        decoder = self._decoders.pop(track, None)
        self._glancing.discard(track)
        if isinstance(decoder, PictureDecoder):
            self.cut(now)

    def receive(self, track: int, frame: Encoded) -> bool:
        """Decode a frame and show it to the signals; False where a key frame is needed."""
        decoder = self._decoders.get(track)
        if decoder is None:
            return True
        if isinstance(decoder, SoundDecoder):
            self._receive_sound(decoder, frame)
        elif track in self._glancing:
            with self._costs.of("glances"):
                self._receive_glance(decoder, frame)
        else:
            self._receive_look(decoder, frame)
        return not decoder.needs_key_frame

    def attend(self, closely: bool) -> None:
        """Look at more of the pictures from now on, or at as many as everybody's."""
        self._look_every_s = LOOK_CLOSELY_EVERY_S if closely else LOOK_EVERY_S

    def look(self, picture: Picture) -> None:
        if self._follower is None:
            return
        self._looked_media_s = picture.media_s
        self.keepsake.look(picture)
        with self._costs.of("faces"):
            sight = Sight(picture, self._follower.find(picture))
        self.fresh = True
        with self._costs.of("signals"):
            self._each(lambda signal: signal.look(sight))

    def glance(self, picture: Picture) -> None:
        """A small picture of those that come all the time; some are searched for faces."""
        if self._finder is None:
            return
        faces = None
        if picture.at_s - self._glanced_for_faces_s >= GLANCE_FOR_FACES_EVERY_S:
            self._glanced_for_faces_s = picture.at_s
            faces = self._finder.locate(picture)
        self._each(lambda signal: signal.glance(Glance(picture, faces)))

    def hear(self, sound: Sound) -> None:
        self.fresh = True
        self.keepsake.hear(sound)
        with self._costs.of("signals"):
            self._each(lambda signal: signal.hear(sound))

    def tell(self, note: Note) -> None:
        self._each(lambda signal: signal.tell(note))

    def learned(self) -> tuple[Template, ...]:
        """What is to be remembered of whoever agreed to that, once."""
        made: list[Template | None] = []
        self._each(lambda signal: made.append(signal.learned()))
        return tuple(one for one in made if one is not None)

    def cut(self, now: float) -> None:
        """Camera off and on, track replaced, another face: what was proved is proved no more."""
        self._cut_s = now
        self._each(lambda signal: signal.cut())

    def notice(self, now: float) -> bool:
        """Ask every signal what glances told; whether any said something."""
        before = self._said
        self._each(lambda signal: self._take(signal, signal.notice(now)))
        return self._said != before

    def conclude(self, now: float) -> None:
        """Ask every signal what it makes of what it saw."""
        self.fresh = False
        with self._costs.of("conclusions"):
            self._each(lambda signal: self._take(signal, signal.conclude(now)))

    def judge(self, now: float, gone: str = "") -> Judged:
        """What follows from everything that was said, and still counts.

        `gone` says why nothing is seen of them now, if so.
        """
        blind = self.blind or gone
        record = Record(
            now, self._still_counting(now), self._state, self._cut_s, blind, self._thresholds
        )
        score = judge(record)
        self._state = score.state
        return Judged(score, record)

    def refused(self) -> Counter[str]:
        """Frames of which nothing came, by reason."""
        total: Counter[str] = Counter()
        for decoder in self._decoders.values():
            total.update({reason.value: count for reason, count in decoder.counts.items()})
        return total

    def _receive_glance(self, decoder: PictureDecoder, frame: Encoded) -> None:
        for picture in decoder.decode(frame, shown=self._is_glance_due(frame.at_s)):
            self.glance(picture)
        self.glanced_s = max(self.glanced_s, decoder.decoded_s)

    def _is_glance_due(self, at_s: float) -> bool:
        """In each eighth of a second the first, whatever the camera's rate."""
        if self._finder is None:
            return False
        before, self._glance_slot = self._glance_slot, math.floor(at_s / GLANCE_EVERY_S)
        return self._glance_slot != before

    def _receive_look(self, decoder: PictureDecoder, frame: Encoded) -> None:
        with self._costs.of("decoding"):
            decoded = decoder.decode(frame, shown=self._is_due(frame))
        for picture in decoded:
            self.look(picture)

    def _receive_sound(self, decoder: SoundDecoder, frame: Encoded) -> None:
        with self._costs.of("decoding"):
            decoded = decoder.decode(frame)
        for sound in decoded:
            self.hear(sound)

    def _is_due(self, frame: Encoded) -> bool:
        """Those that follow too soon are passed over, and all where nobody can look."""
        if self._finder is None:
            return False
        last_s = self._looked_media_s
        if frame.key_frame or last_s is None:
            return True
        # Clocks of publishers may jump.
        return not 0 <= frame.media_s - last_s < self._look_every_s

    def _take(self, signal: Signal, said: Sequence[Evidence]) -> None:
        self._said += len(said)
        for piece in said:
            if isinstance(signal, Quality):
                self._ceiling = piece.quality
                self._evidence.append(piece)
            else:
                self._evidence.append(bounded(piece, self._ceiling))
            if piece.outcome is Outcome.PASSED:
                self._each(lambda one: one.trust())
            elif piece.outcome is Outcome.FAILED:
                # Whoever passed before is not who is seen now.
                self._cut_s = piece.at_s
            elif piece.is_of_another_person:
                self.cut(piece.at_s)

    def _still_counting(self, now: float) -> tuple[Evidence, ...]:
        """Without what has faded; of what weighs nothing the newest of each signal."""
        newest = {piece.signal: piece for piece in self._evidence}
        return tuple(
            piece
            for piece in self._evidence
            if newest[piece.signal] is piece
            or (piece.speaks and piece.signal != Quality.name and fade(piece, now) > 0)
        )

    def _each(self, act: Callable[[Signal], None]) -> None:
        """A signal that raises is out, for this participant; the others go on."""
        for signal in list(self._signals):
            try:
                act(signal)
            except Exception:
                self._signals.remove(signal)
                self._on_fault(signal.name)
