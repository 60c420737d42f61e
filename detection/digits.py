"""Digits said aloud, in English: which ones a recogniser hears in some seconds of speech.

Knows pocketsphinx, whose acoustic model lies in its package, and a grammar of exactly as many
digits as were asked for: with any number of them, pauses were heard as digits.  It refuses to know
which ones were asked.
"""

import tempfile
from pathlib import Path

import numpy as np
from pocketsphinx import Decoder, get_model_path  # type: ignore[import-untyped]

from detection.media import Samples

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_LOUDEST = 32767
_HUM = 0.002


class Digits:
    """One recogniser, which several participants may use one after the other; 36 MB."""

    name = "pocketsphinx 5.1.1 en-us"

    def __init__(self, count: int) -> None:
        model = Path(get_model_path("en-us"))
        with tempfile.TemporaryDirectory(prefix="candor-digits-") as folder:
            grammar, dictionary = Path(folder, "digits.gram"), Path(folder, "digits.dict")
            grammar.write_text(_grammar(count), encoding="ascii")
            dictionary.write_text(_dictionary(model / "cmudict-en-us.dict"), encoding="utf-8")
            self._decoder = Decoder(
                hmm=str(model / "en-us"),
                dict=str(dictionary),
                jsgf=str(grammar),
                lm=None,
                loglevel="FATAL",
            )

    def hear(self, samples: Samples) -> str:
        """What it takes speech (16 kHz, one channel) for; empty where it makes nothing of it."""
        # A room's hum: with digital silence between them, one code in six was not heard.
        hum = np.random.default_rng(0).normal(0, _HUM, len(samples))
        pcm = np.asarray((samples + hum).clip(-1, 1) * _LOUDEST, dtype="<i2").tobytes()
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, no_search=False, full_utt=True)
        self._decoder.end_utt()
        found = self._decoder.hyp()
        words = found.hypstr.split() if found is not None else []
        return "".join(str(WORDS.index(word)) for word in words if word in WORDS)


def _grammar(count: int) -> str:
    digits = " ".join(["<digit>"] * count)
    return (
        f"#JSGF V1.0;\ngrammar code;\n<digit> = {' | '.join(WORDS)};\npublic <code> = {digits};\n"
    )


def _dictionary(path: Path) -> str:
    """The lines of the package's dictionary for our words; `one(2)` is another way to say it."""
    with path.open(encoding="utf-8") as lines:
        return "".join(line for line in lines if line.split("(")[0].split(" ")[0] in WORDS)
