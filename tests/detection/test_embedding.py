"""Faces and voices become numbers that are alike for one person, as their networks' makers say."""

import numpy as np
import pytest
from numpy.typing import NDArray

from detection.embedding import likeness
from detection.face_embedding import FaceEmbedder, upright
from detection.faces import FaceFinder
from detection.media import SOUND_RATE_HZ, Picture
from detection.models import Models
from detection.torch_archive import read_torch_archive
from detection.voice_embedding import PIECE_S, VOICE_MODEL, VoiceEmbedder, mel_bands
from tests.detection.drawn import drawn_face
from tests.detection.spoken import babble


@pytest.fixture(scope="module")
def faces(models: Models) -> FaceEmbedder:
    return FaceEmbedder(models)


@pytest.fixture(scope="module")
def voices(models: Models) -> VoiceEmbedder:
    return VoiceEmbedder(models)


def test_a_face_is_the_same_wherever_it_is(faces: FaceEmbedder, finder: FaceFinder) -> None:
    seen = []
    for size, x in ((150.0, 0.4), (220.0, 0.55)):
        picture = Picture(0.0, 0.0, drawn_face(640, 360, size=size, x=x))
        (found,) = finder.find(picture)
        assert found.mesh is not None
        seen.append(faces.embed(picture, found.mesh))
        # The tip of the nose is where it should be.
        square = upright(found.mesh)
        nose = square.to_picture(np.array([[0.5, 0.6]], np.float32))[0]
        assert np.linalg.norm(nose - found.mesh[1, :2]) < 0.1 * square.side
    assert likeness(*seen) > 0.9
    assert likeness(seen[0], seen[0]) == pytest.approx(1)


def test_a_voice_is_like_itself_and_unlike_a_very_different_one(voices: VoiceEmbedder) -> None:
    low, high = babble(80, 0.85, 8), babble(300, 1.35, 4)
    first, later, other = (voices.embed(one) for one in (low[:64_000], low[64_000:], high))
    assert first is not None
    assert later is not None
    assert other is not None
    assert likeness(first, later) > 0.8
    assert likeness(first, other) < 0.65
    assert voices.embed(low[: int((PIECE_S - 0.1) * SOUND_RATE_HZ)]) is None


def test_the_voice_network_computes_what_its_equations_say(
    voices: VoiceEmbedder, models: Models
) -> None:
    weights = read_torch_archive(models.model(VOICE_MODEL).path, "model_state")
    spectrum = np.random.default_rng(4).random((160, 40)).astype(np.float32)
    values: list[NDArray[np.float32]] = list(spectrum)
    for layer in range(3):
        of_input, of_hidden = (weights[f"lstm.weight_{kind}_l{layer}"] for kind in ("ih", "hh"))
        bias = weights[f"lstm.bias_ih_l{layer}"] + weights[f"lstm.bias_hh_l{layer}"]
        hidden, cell, every = np.zeros(256), np.zeros(256), []
        for value in values:
            gates = np.split(of_input @ value + of_hidden @ hidden + bias, 4)
            taken, forgotten, given = (1 / (1 + np.exp(-gates[one])) for one in (0, 1, 3))
            cell = forgotten * cell + taken * np.tanh(gates[2])
            hidden = given * np.tanh(cell)
            every.append(hidden)
        values = every
    wanted = np.maximum(0, weights["linear.weight"] @ hidden + weights["linear.bias"])
    (found,) = voices.session.run(None, {"spectrum": spectrum[:, None]})
    assert found.ravel() == pytest.approx(wanted, abs=1e-4)


def test_bands_of_the_spectrum_cover_it_and_weigh_alike() -> None:
    bands = mel_bands()
    assert bands.shape == (40, 201)
    assert (np.diff(bands.argmax(axis=1)) > 0).all()
    # One over the width in hertz, times 40 Hz a bin.
    assert bands[20:].sum(axis=1) * 40 == pytest.approx(1, abs=0.1)
