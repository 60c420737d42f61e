"""Weights out of a torch archive of the older kind, without torch and without running anything.

Such a file is a row of pickles and then the numbers.  A pickle may name any function of Python and
have it called; this reader knows three names, gives each something harmless of its own, and refuses
every other.  It refuses to know what the weights are for.
"""

import io
import pickle
import struct
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001


class BadArchive(Exception):
    """The file is no such archive, or names something that weights do not need."""


@dataclass(frozen=True, slots=True)
class _Storage:
    """Numbers that come later in the file, by their key."""

    key: str
    count: int


@dataclass(frozen=True, slots=True)
class _Tensor:
    """How some of these numbers are laid out."""

    storage: _Storage
    begins: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_torch_archive(path: Path, entry: str) -> dict[str, Values]:
    """The tensors of float32 under `entry`, by name.  Raises `BadArchive`."""
    try:
        with path.open("rb") as file:
            return _read(file, entry)
    except (pickle.UnpicklingError, struct.error, EOFError, LookupError) as error:
        raise BadArchive(f"{path.name}: {error}") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise BadArchive(f"{path.name}: {error}") from None


def _read(file: io.BufferedReader, entry: str) -> dict[str, Values]:
    if (_Reader(file).load(), _Reader(file).load()) != (_MAGIC, _PROTOCOL):
        raise ValueError("no archive of the known kind")
    _Reader(file).load()  # sizes of C's numbers on the machine that wrote it
    tensors = _Reader(file).load()[entry]
    keys: Sequence[str] = _Reader(file).load()
    numbers = {key: _numbers(file) for key in keys}
    return {name: _laid_out(one, numbers) for name, one in tensors.items()}


def _numbers(file: io.BufferedReader) -> Values:
    (count,) = struct.unpack("<q", file.read(8))
    return np.frombuffer(file.read(4 * count), np.float32, count)


def _laid_out(tensor: _Tensor, numbers: Mapping[str, Values]) -> Values:
    found = numbers[tensor.storage.key]
    if len(found) != tensor.storage.count:
        raise ValueError("a storage is shorter than was said")
    view: Values = np.ndarray(
        tensor.shape,
        np.float32,
        found,
        4 * tensor.begins,
        tuple(4 * stride for stride in tensor.strides),
    )
    return np.ascontiguousarray(view)


def _tensor(
    storage: _Storage, begins: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _Tensor:
    return _Tensor(storage, begins, shape, strides)


# All that weights need, and what stands here in its place.
_KNOWN: Mapping[tuple[str, str], object] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch", "FloatStorage"): "float32",
}


class _Reader(pickle.Unpickler):
    """Reads one pickle; whatever it names is in the table, or is refused."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _KNOWN[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module}.{name}") from None

    def persistent_load(self, reference: Any) -> _Storage:
        """`("storage", type, key, where it was, count, view of another)`."""
        _, _, key, _, count, *_ = reference
        return _Storage(str(key), int(count))
