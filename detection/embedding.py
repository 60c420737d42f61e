"""What faces and voices become when they are compared: rows of numbers of length one."""

import numpy as np
from numpy.typing import NDArray

Embedding = NDArray[np.float32]


def unit(vector: NDArray[np.float32]) -> Embedding:
    """The same direction with a length of one; one that is nothing stays nothing."""
    length = float(np.linalg.norm(vector))
    return np.asarray(vector / length if length else vector, dtype=np.float32)


def likeness(one: Embedding, other: Embedding) -> float:
    """The cosine: 1 for the same."""
    return float(one @ other)
