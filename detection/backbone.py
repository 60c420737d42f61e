"""One network that turns a face into 512 numbers, shared by all heads that stand on it.

Knows the packaged CLIP ViT-B/16 (8-bit).  Two builds of it agree only to a cosine of 0.55, and
8-bit arithmetic differs between processors, so a picture that is drawn here must give the numbers
that it gave when heads were made; else no head is used.
"""

from typing import cast

import numpy as np
from numpy.typing import NDArray

from detection.models import Condition, Models, ModelUnusable
from detection.networks import open_network

Floats = NDArray[np.float32]

BACKBONE_MODEL = "clip_encoder"
SIDE = 224
WIDTH = 512
_MEAN = np.array([0.48145466, 0.4578275, 0.40821073], dtype=np.float32)
_DEVIATION = np.array([0.26862954, 0.26130258, 0.27577711], dtype=np.float32)
# The first numbers of the drawn picture's embedding, and how like them they must be.
_GOLDEN = (
    0.0031,
    -0.0915,
    0.0272,
    0.0310,
    -0.0115,
    -0.0104,
    0.0325,
    -0.0332,
    -0.0152,
    0.0174,
    0.0197,
    -0.0463,
    0.0153,
    -0.0557,
    -0.0539,
    0.0263,
    -0.0134,
    0.0377,
    0.0192,
    0.0110,
    -0.0377,
    0.0172,
    0.0037,
    -0.0016,
)
# The same arithmetic in another order gave 0.984 and 0.995 here, another build 0.55.
_LEAST_COSINE = 0.9


class Backbone:
    """One session, one picture at a time."""

    def __init__(self, models: Models) -> None:
        """Raises `ModelUnusable`, also where this machine gives other numbers."""
        model = models.model(BACKBONE_MODEL)
        self.reference = model.reference
        self._session = open_network(model.path)
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[0].name
        if not is_known(self.embed(drawn())):
            raise ModelUnusable(BACKBONE_MODEL, Condition.OTHER_NUMBERS)

    def embed(self, crop: Floats) -> Floats:
        """A face as `SIDE` x `SIDE` x 3 of 0 to 255, as a vector of length one."""
        values = ((crop / np.float32(255) - _MEAN) / _DEVIATION).transpose(2, 0, 1)[None]
        (found,) = self._session.run([self._output], {self._input: values})
        vector = cast(Floats, found)[0]
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def is_known(embedding: Floats) -> bool:
    """Whether heads understand an embedding of the drawn picture."""
    golden = np.array(_GOLDEN, dtype=np.float32)
    here = embedding[: len(golden)]
    cosine = here @ golden / np.linalg.norm(here) / np.linalg.norm(golden)
    return bool(cosine >= _LEAST_COSINE)


def drawn() -> Floats:
    """A picture that is the same everywhere."""
    down, across = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    waves = [np.sin(6.3 * (k * across + (3 - k) * down)) * 100 + 128 for k in range(3)]
    return np.stack(waves, axis=-1).astype(np.float32)
