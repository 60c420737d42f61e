"""How well spoken codes are heard after Opus; said by a synthesiser, for no people were recorded.

    python -m bench.spoken_code [--codes 6]

Needs `espeak-ng`.  Six of its voices say codes at three paces, sent as a call would send them.
"""

import argparse
import secrets
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from detection.challenge import CODE_DIGITS, ask_code
from detection.decoder import SoundDecoder
from detection.digits import WORDS, Digits
from detection.media import SOUND_RATE_HZ, Samples
from detection.sending import Sending, sent
from detection.signals.code import MOST_WRONG, chance, differing

VOICES = ("en-us", "en-us+f2", "en-us+f3", "en-us+m3", "en-gb", "en-gb-scotland")
# Words a minute, and what is between two digits.
PACES = ((120, ", "), (150, ", "), (150, " "))


def said(code: str, voice: str, words_a_minute: int, between: str) -> Samples:
    """The code in a synthesiser's voice, as it arrives."""
    words = between.join(WORDS[int(digit)] for digit in code)
    decoder = SoundDecoder()
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["espeak-ng", "-v", voice, "-s", str(words_a_minute), "-w", file.name, words]
        subprocess.run(command, check=True)
        frames = [frame for _, frame in sent(Path(file.name), Sending(seconds=20.0))]
    pieces = [one.samples for frame in frames for one in decoder.decode(frame)]
    return np.concatenate([*pieces, np.zeros(SOUND_RATE_HZ // 2, dtype=np.float32)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--codes", type=int, default=6)
    arguments = parser.parse_args()
    digits, cpu_s, heard_s, all_wrong = Digits(CODE_DIGITS), 0.0, 0.0, []
    print("| voice | words a minute | codes | all right | accepted |\n|---|---|---|---|---|")
    for voice in VOICES:
        for pace, between in PACES:
            codes = [ask_code(secrets.token_bytes).digits for _ in range(arguments.codes)]
            samples = [said(code, voice, pace, between) for code in codes]
            began_s = time.process_time()
            heard = [digits.hear(one) for one in samples]
            cpu_s += time.process_time() - began_s
            heard_s += sum(len(one) for one in samples) / SOUND_RATE_HZ
            wrong = [differing(*pair) for pair in zip(heard, codes, strict=True)]
            all_wrong += wrong
            right, passed = wrong.count(0), sum(one <= MOST_WRONG for one in wrong)
            pauses = "with pauses" if "," in between else "without"
            print(f"| {voice} | {pace}, {pauses} | {len(codes)} | {right} | {passed} |")
    accepted = sum(one <= MOST_WRONG for one in all_wrong)
    print(f"\naccepted {accepted} of {len(all_wrong)}, {cpu_s / heard_s * 1000:.0f} ms a second")
    print(f"by chance at most {100 * chance('481516', MOST_WRONG):.2f} % of other codes")


if __name__ == "__main__":
    main()
