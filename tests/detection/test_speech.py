"""Speech is told from all else that sounds, and loudness does what it can without the network."""

import numpy as np
import pytest

from detection.media import SOUND_RATE_HZ, Samples, Sound
from detection.models import Models
from detection.signals.quality import LEAST_SPEECH_S, Quality
from detection.speech import FRAME, Heard, LoudSpeech, SpeechFinder
from tests.detection.spoken import babble

SECONDS = 4.0
_TIMES_S = np.arange(SECONDS * SOUND_RATE_HZ) / SOUND_RATE_HZ
_RANDOM = np.random.default_rng(1)
_NOTES = (262.0, 330.0, 392.0, 523.0)


def melody() -> Samples:
    """Four notes with their overtones, struck one after the other."""
    notes = [
        sum(np.sin(2 * np.pi * overtone * note * _TIMES_S) / overtone for overtone in (1, 2, 3))
        * ((_TIMES_S // 0.4) % len(_NOTES) == number)
        for number, note in enumerate(_NOTES)
    ]
    return np.asarray(sum(notes) * np.exp(-4 * (_TIMES_S % 0.4)) * 0.2, dtype=np.float32)


SILENT: dict[str, Samples] = {
    "nothing": np.zeros(0, np.float32),
    "digital silence": np.zeros(len(_TIMES_S), np.float32),
    "noise": _RANDOM.normal(0, 0.05, len(_TIMES_S)).astype(np.float32),
    "hum": (0.1 * np.sin(2 * np.pi * 50 * _TIMES_S)).astype(np.float32),
    "melody": melody(),
}


@pytest.fixture(scope="module")
def network(models: Models) -> SpeechFinder:
    return SpeechFinder(models)


def test_a_voice_is_speech_and_noise_and_music_are_not(network: SpeechFinder) -> None:
    said = babble(seconds=SECONDS)
    quiet = said * np.float32(0.05)
    for voice in (said, quiet):
        assert network.seconds(voice) > 0.7 * SECONDS
    for name, sound in SILENT.items():
        assert network.seconds(sound) < LEAST_SPEECH_S, name


def test_the_same_sound_is_listened_to_once(
    network: SpeechFinder, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = np.random.default_rng(1).normal(0, 0.1, 8000).astype(np.float32)
    said = network.spoken(sound)
    monkeypatch.setattr(network, "_session", None)
    assert (network.spoken(sound.copy()) == said).all()


def test_only_speech_is_left_of_what_was_heard(network: SpeechFinder) -> None:
    said = babble(seconds=SECONDS)
    left = network.only(np.concatenate([SILENT["noise"], said, SILENT["noise"]]))
    assert 0.8 * len(said) < len(left) < 1.2 * len(said)
    assert len(left) % FRAME == 0


def test_without_the_network_what_is_loud_is_taken_for_speech() -> None:
    loudness = LoudSpeech()
    assert loudness.seconds(babble(seconds=SECONDS)) > 0.5 * SECONDS
    assert loudness.seconds(SILENT["digital silence"]) == loudness.seconds(SILENT["nothing"]) == 0
    assert loudness.seconds(SILENT["melody"]) > 0


def test_a_microphone_without_a_camera_says_whether_somebody_speaks(network: SpeechFinder) -> None:
    for sound, reason in (
        (SILENT["digital silence"], "silent"),
        (SILENT["melody"], "no_speech"),
        (babble(), "no_picture"),
    ):
        quality = Quality(network)
        quality.hear(Sound(9.0, 0.0, sound))
        (piece,) = quality.conclude(10.0)
        assert piece.reason == reason


def test_what_waits_to_be_heard_is_bounded_and_taken_once() -> None:
    heard = Heard()
    for _ in range(100):
        heard.hear(np.ones(SOUND_RATE_HZ, np.float32))
    assert len(heard.take()) == 20 * SOUND_RATE_HZ
    assert len(heard.take()) == 0
