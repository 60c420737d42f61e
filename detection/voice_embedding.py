"""A voice as numbers by which speakers differ: a mel spectrum through three recurrent layers.

Knows the network of GE2E (Wan et al. 2018) and the spectrum that it was trained on.  It refuses to
know what is speech (`detection.speech`), whose voice it is, and how like two must be.
"""

from collections.abc import Mapping
from typing import cast

import numpy as np
from numpy.typing import NDArray

from detection.embedding import Embedding, unit
from detection.media import SOUND_RATE_HZ, Samples
from detection.models import Models
from detection.networks import Array, Node, as_onnx, open_network
from detection.torch_archive import read_torch_archive

VOICE_MODEL = "voice"

_ENTRY = "model_state"
_BANDS, _WIDTH, _LAYERS = 40, 256, 3
# 25 ms of sound every 10 ms; the network was trained on 1.6 s of that.
_WINDOW, _STEP, _FRAMES = 400, 160, 160
# How much two pieces that follow each other share.
_HOP_FRAMES = 80
PIECE_S = _FRAMES * _STEP / SOUND_RATE_HZ
# Quiet speech is made as loud as the network is used to, loud speech is left.
_LOUDNESS = 10 ** (-30 / 20)

Values = NDArray[np.float32]


class VoiceEmbedder:
    """One session, one voice at a time; `references` name the model in evidence."""

    def __init__(self, models: Models) -> None:
        """Raises `ModelUnusable`."""
        model = models.model(VOICE_MODEL)
        self.references = (model.reference,)
        self.session = open_network(_network(read_torch_archive(model.path, _ENTRY)))
        self._bands = mel_bands()

    def embed(self, speech: Samples) -> Embedding | None:
        """What is common to all pieces of some speech; None for less than one piece."""
        spectrum = self._spectrum(speech)
        begins = range(0, len(spectrum) - _FRAMES + 1, _HOP_FRAMES)
        if not begins:
            return None
        # Frames first, pieces second.
        pieces = np.stack([spectrum[first : first + _FRAMES] for first in begins], axis=1)
        (found,) = self.session.run(None, {"spectrum": pieces})
        each = cast(Values, found)
        return unit((each / (np.linalg.norm(each, axis=1, keepdims=True) + 1e-9)).mean(axis=0))

    def _spectrum(self, speech: Samples) -> Values:
        """Power by band and frame."""
        loudness = float(np.sqrt(np.mean(np.square(speech)))) if len(speech) else 0.0
        gain = max(1.0, _LOUDNESS / loudness) if loudness else 1.0
        padded = np.pad(speech * np.float32(gain), _WINDOW // 2)
        frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_STEP]
        window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW)
        power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
        return np.asarray(power @ self._bands.T, dtype=np.float32)


def mel_bands() -> NDArray[np.float64]:
    """Triangles over the spectrum, evenly spaced as one hears (Slaney), each of the same area."""
    edges_hz = _hertz(np.linspace(0, _mel(SOUND_RATE_HZ / 2), _BANDS + 2))
    bins_hz = np.fft.rfftfreq(_WINDOW, 1 / SOUND_RATE_HZ)
    widths = np.diff(edges_hz)[:, None]
    from_edges = edges_hz[:, None] - bins_hz
    rising, falling = -from_edges[:-2] / widths[:-1], from_edges[2:] / widths[1:]
    triangles = np.maximum(0, np.minimum(rising, falling))
    bands: NDArray[np.float64] = triangles * (2 / (edges_hz[2:] - edges_hz[:-2]))[:, None]
    return bands


# Below 1 kHz evenly, 200/3 Hz each; above, 27 steps for 6.4 times as much.
_LINEAR_HZ, _KNEE_HZ, _STEP_LOG = 200 / 3, 1000.0, np.log(6.4) / 27


def _mel(hertz: float) -> float:
    return float(_KNEE_HZ / _LINEAR_HZ + np.log(hertz / _KNEE_HZ) / _STEP_LOG)


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    knee = _KNEE_HZ / _LINEAR_HZ
    return np.where(mel < knee, mel * _LINEAR_HZ, _KNEE_HZ * np.exp((mel - knee) * _STEP_LOG))


def _network(weights: Mapping[str, Values]) -> bytes:
    """Three layers of LSTM, of the last one's end a projection without what is below zero."""
    nodes: list[Node] = []
    tensors: dict[str, Array] = {"direction": np.array([1], np.int64)}
    value = "spectrum"
    for layer in range(_LAYERS):
        names = [f"{kind}{layer}" for kind in ("input", "hidden", "bias")]
        tensors |= dict(zip(names, _layer(weights, layer), strict=True))
        every, last = f"every{layer}", f"last{layer}"
        nodes.append(Node("LSTM", [value, *names], [every, last], {"hidden_size": _WIDTH}))
        value = f"value{layer}"
        nodes.append(Node("Squeeze", [every, "direction"], [value]))
    tensors |= {"projection": weights["linear.weight"], "offset": weights["linear.bias"]}
    tensors["first"] = np.array([0], np.int64)
    nodes += [
        Node("Squeeze", [last, "first"], ["ended"]),
        Node("Gemm", ["ended", "projection", "offset"], ["projected"], {"transB": 1}),
        Node("Relu", ["projected"], ["voice"]),
    ]
    takes = ("spectrum", (_FRAMES, "pieces", _BANDS))
    return as_onnx(nodes, tensors, takes, ("voice", ("pieces", _WIDTH)))


def _layer(weights: Mapping[str, Values], layer: int) -> list[Values]:
    """Of one layer, in ONNX's order of gates and shape."""
    of_input, of_hidden = (_gates(weights[f"lstm.weight_{kind}_l{layer}"]) for kind in ("ih", "hh"))
    biases = [_gates(weights[f"lstm.bias_{kind}_l{layer}"]) for kind in ("ih", "hh")]
    return [of_input[None], of_hidden[None], np.concatenate(biases)[None]]


def _gates(values: Values) -> Values:
    """Torch has input, forget, cell, output; ONNX input, output, forget, cell."""
    taken, forgotten, cell, given = np.split(values, 4)
    return np.concatenate([taken, given, forgotten, cell])
