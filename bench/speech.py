"""What is taken for speech, by loudness and by the network: sounds that are none, and voices.

    python -m bench.speech [--models models]

Needs `espeak-ng`.  Ten seconds of each sound are made here and go through Opus as calls send it;
voices are those of a synthesiser that says digits.  Prints shares of the time.
"""

import argparse
import time
from collections.abc import Mapping
from pathlib import Path

import av
import numpy as np

from bench.spoken_code import VOICES, said
from detection.decoder import OPUS_RATE_HZ, Encoded, SoundDecoder
from detection.media import SOUND_RATE_HZ, Samples
from detection.models import Models, read_lock
from detection.speech import FRAME_S, LoudSpeech, SpeechFinder

SECONDS = 10
PACKET = OPUS_RATE_HZ // 50
BITRATE_BPS = 24_000
QUIETER = 10 ** (-26 / 20)
# Of a voice's power.
NOISE = 0.1
NOTES_HZ = (262, 330, 392, 523, 440, 349, 294, 392)


def sounds(random: np.random.Generator) -> Mapping[str, Samples]:
    """Nobody speaks in any of them."""
    times_s = np.arange(SECONDS * OPUS_RATE_HZ) / OPUS_RATE_HZ
    noise = random.normal(0, 1, len(times_s))
    pink = np.cumsum(noise) - np.convolve(np.cumsum(noise), np.full(2400, 1 / 2400), "same")
    notes = [
        sum(np.sin(2 * np.pi * overtone * note * times_s) / overtone for overtone in (1, 2, 3, 4))
        * (times_s // 0.4 % len(NOTES_HZ) == number)
        for number, note in enumerate(NOTES_HZ)
    ]
    melody = 0.15 * np.sum(notes, axis=0) * np.exp(-4 * (times_s % 0.4))
    keys = (times_s % 0.21 < 0.02) * np.exp(-200 * (times_s % 0.21))
    made = {
        "digital silence": 0 * noise,
        "a room, -60 dB, with pauses of sending": 0.001 * noise,
        "a room, -50 dB": 0.003 * noise,
        "white noise, -30 dB": 0.03 * noise,
        "pink noise": 0.2 * pink / np.abs(pink).max(),
        "hum of 50 Hz": 0.05 * np.sin(100 * np.pi * times_s),
        "a keyboard": 0.3 * noise * keys,
        "a melody": melody,
        "a melody and drums": melody + 0.2 * noise * np.exp(-30 * (times_s % 0.5)),
    }
    return {name: sound.astype(np.float32) for name, sound in made.items()}


def through_opus(samples: Samples, *, pauses: bool) -> Samples:
    """As it arrives; `pauses` is discontinuous transmission."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.bit_rate = OPUS_RATE_HZ, BITRATE_BPS
    encoder.layout, encoder.format = "mono", "flt"
    encoder.options = {"dtx": "1", "application": "voip"} if pauses else {}
    decoder, pieces = SoundDecoder(), [np.zeros(0, np.float32)]
    for number, packet in enumerate(samples[: len(samples) // PACKET * PACKET].reshape(-1, PACKET)):
        frame = av.AudioFrame.from_ndarray(packet[None], format="flt", layout="mono")
        frame.sample_rate, frame.pts = OPUS_RATE_HZ, number * PACKET
        for encoded in encoder.encode(frame):
            arrived = Encoded(number / 50, number / 50, True, False, 1, bytes(encoded))
            pieces += [sound.samples for sound in decoder.decode(arrived)]
    return np.concatenate(pieces)


def voices(random: np.random.Generator) -> Mapping[str, Samples]:
    """The synthesiser's voices as they are, far off, and in noise."""
    found = {}
    for voice in VOICES:
        spoken = said("4815162342", voice, 150, " ")[: -SOUND_RATE_HZ // 2]
        power = np.sqrt(np.mean(np.square(spoken)) * NOISE)
        found[voice] = spoken
        found[f"{voice}, 26 dB quieter"] = spoken * np.float32(QUIETER)
        found[f"{voice}, noise of -10 dB"] = spoken + random.normal(0, power, len(spoken))
    return {name: sound.astype(np.float32) for name, sound in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, default=Path("models"))
    arguments = parser.parse_args()
    random = np.random.default_rng(1)
    network, loudness = SpeechFinder(Models(arguments.models, read_lock())), LoudSpeech()
    arrived = {
        name: through_opus(sound, pauses="pauses" in name)
        for name, sound in sounds(random).items()
    }  # fmt: skip
    cpu_s, heard_s = 0.0, 0.0
    print("| sound | by loudness | by the network |\n|---|---|---|")
    for name, sound in {**arrived, **voices(random)}.items():
        seconds = max(FRAME_S, len(sound) / SOUND_RATE_HZ)
        began_s = time.process_time()
        share = network.seconds(sound) / seconds
        cpu_s, heard_s = cpu_s + time.process_time() - began_s, heard_s + seconds
        print(f"| {name} | {100 * loudness.seconds(sound) / seconds:.0f} % | {100 * share:.0f} % |")
    print(f"\n{1000 * cpu_s / heard_s:.1f} ms of CPU a second of sound")


if __name__ == "__main__":
    main()
