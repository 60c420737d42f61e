"""Where somebody speaks: an answer for each 32 ms of sound.

Knows a network and how it wants sound (in frames that begin with the end of the one before), and
loudness, which is what there is without it.  It refuses to know what is said, by whom, and what
follows from silence.
"""

from abc import ABC, abstractmethod
from typing import cast

import numpy as np
from numpy.typing import NDArray

from detection.media import SOUND_RATE_HZ, Samples
from detection.models import Models
from detection.networks import open_network

SPEECH_MODEL = "speech"
FRAME = 512
FRAME_S = FRAME / SOUND_RATE_HZ

_LIKELY = 0.5
# 30 dB under the loudest twentieth nobody speaks.
_QUIET = 10 ** (-30 / 20)
_SILENT = 0.002
_MOST_SAMPLES = 20 * SOUND_RATE_HZ

_CONTEXT = 64
_STATE = np.zeros((1, 1, 128), np.float32)


class Speech(ABC):
    """What tells speech from other sound; `references` name a model in evidence."""

    references: tuple[str, ...] = ()

    @abstractmethod
    def spoken(self, samples: Samples) -> NDArray[np.bool_]:
        """Whether somebody speaks, for each whole frame of sound that follows on itself."""

    def only(self, samples: Samples) -> Samples:
        """The frames in which somebody speaks, one after the other."""
        spoken = self.spoken(samples)
        frames = samples[: len(spoken) * FRAME].reshape(-1, FRAME)
        return np.ascontiguousarray(frames[spoken]).ravel()

    def seconds(self, samples: Samples) -> float:
        """For how long somebody speaks."""
        return float(self.spoken(samples).sum() * FRAME_S)


class SpeechFinder(Speech):
    """The network, in one session."""

    def __init__(self, models: Models) -> None:
        """Raises `ModelUnusable`."""
        model = models.model(SPEECH_MODEL)
        self.references = (model.reference,)
        self._session = open_network(model.path)
        self._heard: Samples = np.zeros(0, np.float32)
        self._spoken = np.zeros(0, np.bool_)

    def spoken(self, samples: Samples) -> NDArray[np.bool_]:
        """By frame.  Several signals ask about the same sound one after the other."""
        if not np.array_equal(samples, self._heard):
            self._heard, self._spoken = samples, self._asked(samples)
        return self._spoken

    def _asked(self, samples: Samples) -> NDArray[np.bool_]:
        count = len(samples) // FRAME
        if not count:
            return np.zeros(0, np.bool_)
        sound = np.pad(samples[: count * FRAME].astype(np.float32, copy=False), (_CONTEXT, 0))
        frames = np.lib.stride_tricks.sliding_window_view(sound, _CONTEXT + FRAME)[::FRAME]
        answers = self._session.run(
            ["speech_probs"], {"input": np.ascontiguousarray(frames), "h": _STATE, "c": _STATE}
        )
        return cast(NDArray[np.float32], answers[0]).ravel() > _LIKELY


class LoudSpeech(Speech):
    """Without the network: whatever is nearly as loud as the loudest.  Takes music for speech."""

    def spoken(self, samples: Samples) -> NDArray[np.bool_]:
        frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
        if not len(frames):
            return np.zeros(0, np.bool_)
        levels = np.sqrt((frames.astype(float) ** 2).mean(axis=1))
        return np.asarray(levels > max(_SILENT, float(np.quantile(levels, 0.95)) * _QUIET))


class Heard:
    """Sound that waits to be listened to; what comes when there is enough of it is let go of."""

    def __init__(self) -> None:
        self._pieces: list[Samples] = []
        self._count = 0

    def hear(self, samples: Samples) -> None:
        if self._count < _MOST_SAMPLES:
            self._pieces.append(samples)
            self._count += len(samples)

    @property
    def seconds(self) -> float:
        return self._count / SOUND_RATE_HZ

    def take(self) -> Samples:
        """All of it, once."""
        taken = np.concatenate([np.zeros(0, np.float32), *self._pieces])
        self._pieces, self._count = [], 0
        return taken
