"""A face as numbers by which people differ: upright, at one size, through one network.

Knows the network and how it wants a face to lie.  It refuses to know whose face it is, and how
like two faces must be (`detection.signals.identity`).
"""

import cmath
from typing import cast

import numpy as np
from numpy.typing import NDArray

from detection.embedding import Embedding, unit
from detection.media import Picture, Points
from detection.models import Models
from detection.networks import open_network
from detection.sampling import Square, sampled
from detection.tensorflow_graph import tensorflow_as_onnx

GRAPH_MODEL, WEIGHTS_MODEL = "face_graph", "face_weights"

_SIDE = 224
_WANTED = "global_pooling/Mean"
# Points of the mesh: two corners of each eye, the tip of the nose, the corners of the mouth.
_POINTS = ((33, 133), (362, 263), (1, 1), (61, 61), (291, 291))
# Where recognisers are used to have them, in shares of a square (eyes, nose, mouth) ...
_PLACES: NDArray[np.complex128] = np.array(
    [0.342 + 0.462j, 0.656 + 0.460j, 0.500 + 0.640j, 0.371 + 0.825j, 0.631 + 0.823j]
)
# ... and how much larger this network wants the square; see docs/DETECTION.md.
_ROOM = 1.4


class FaceEmbedder:
    """One session, one face at a time; `references` name the model in evidence."""

    def __init__(self, models: Models) -> None:
        """Raises `ModelUnusable`."""
        graph, weights = models.model(GRAPH_MODEL), models.model(WEIGHTS_MODEL)
        self.references = (graph.reference, weights.reference)
        network = tensorflow_as_onnx(graph.path, weights.path, _WANTED, _SIDE)
        self._session = open_network(network)
        self._input = self._session.get_inputs()[0].name

    def embed(self, picture: Picture, mesh: Points) -> Embedding:
        """The face that the mesh lies on."""
        pixels = sampled(picture.pixels, upright(mesh), _SIDE)
        (found,) = self._session.run(None, {self._input: pixels[None]})
        return unit(cast(Embedding, found).ravel())


def upright(mesh: Points) -> Square:
    """The square in which eyes, nose and mouth lie where they should, as nearly as can be."""
    corners = mesh[np.array(_POINTS), :2].mean(axis=1).astype(float)
    there = corners[:, 0] + 1j * corners[:, 1]
    wanted = _PLACES - (0.5 + 0.5j)
    # Least squares: one complex number turns and scales, another moves.
    away, off = wanted - wanted.mean(), there - there.mean()
    turn = complex((away.conj() * off).sum() / (np.abs(away) ** 2).sum())
    middle = complex(there.mean() - turn * wanted.mean())
    return Square(middle.real, middle.imag, _ROOM * abs(turn), cmath.phase(turn))
