"""Networks of ours for the runtime: graphs written as ONNX, and sessions that keep to one thread.

Knows just enough of ONNX, which is a protocol buffer, to hand over nodes with their weights; no
converter and no file in between.  It refuses to know what a network is for, and where its weights
come from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray

Array = NDArray[np.float32] | NDArray[np.int64]
Attribute = int | str | Sequence[int]
# What a session takes and gives: a name, and its sizes; a size with a name may be any.
Port = tuple[str, Sequence[int | str]]

_IR_VERSION, _OPERATORS = 8, 13
_FLOAT, _INT64 = 1, 7
_OF_INT, _OF_STRING, _OF_INTS = 2, 3, 7
_SEVEN_BITS = 0x7F


@dataclass(frozen=True, slots=True)
class Node:
    """One operator, from named values to named values."""

    operator: str
    takes: Sequence[str]
    gives: Sequence[str]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


def as_onnx(nodes: Sequence[Node], weights: Mapping[str, Array], takes: Port, gives: Port) -> bytes:
    """A model of float32 with one input and one output."""
    graph = b"".join(
        [
            *(_field(1, _node(node)) for node in nodes),
            _field(2, "graph"),
            *(_field(5, _tensor(name, values)) for name, values in weights.items()),
            _field(11, _port(takes)),
            _field(12, _port(gives)),
        ]
    )
    operators = _field(1, "") + _field(2, _OPERATORS)
    return _field(1, _IR_VERSION) + _field(7, graph) + _field(8, operators)


def open_network(network: bytes | Path) -> onnxruntime.InferenceSession:
    """A session on one thread.  Raises whatever the runtime makes of what is no network."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # An arena keeps what the largest run needed: 196 MB are enough for the largest network.
    options.enable_cpu_mem_arena = False
    source = str(network) if isinstance(network, Path) else network
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def _node(node: Node) -> bytes:
    return b"".join(
        [
            *(_field(1, name) for name in node.takes),
            *(_field(2, name) for name in node.gives),
            _field(4, node.operator),
            *(_field(5, _attribute(*pair)) for pair in node.attributes.items()),
        ]
    )


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        return _field(1, name) + _field(3, value) + _field(20, _OF_INT)
    if isinstance(value, str):
        return _field(1, name) + _field(4, value) + _field(20, _OF_STRING)
    return _field(1, name) + b"".join(_field(8, one) for one in value) + _field(20, _OF_INTS)


def _tensor(name: str, values: Array) -> bytes:
    kind = _FLOAT if values.dtype == np.float32 else _INT64
    sizes = b"".join(_field(1, size) for size in values.shape)
    return sizes + _field(2, kind) + _field(8, name) + _field(9, values.tobytes())


def _port(port: Port) -> bytes:
    name, sizes = port
    shape = b"".join(
        _field(1, _field(1, size) if isinstance(size, int) else _field(2, size)) for size in sizes
    )
    return _field(1, name) + _field(2, _field(1, _field(1, _FLOAT) + _field(2, shape)))


def _field(number: int, value: int | str | bytes) -> bytes:
    """A field of a protocol buffer: a whole number, or bytes with their length before them."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    groups = []
    while value > _SEVEN_BITS:
        groups.append(value & _SEVEN_BITS | _SEVEN_BITS + 1)
        value >>= 7
    return bytes([*groups, value])
