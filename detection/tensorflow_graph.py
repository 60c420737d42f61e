"""A network in the layout of TensorFlow for pages (a graph as JSON, weights in one file) as ONNX.

Knows the few operators of the face network and how the two differ: TensorFlow has colours last,
ONNX first.  Whatever else a graph holds is refused, unless nothing that is wanted follows from it.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from detection.networks import Attribute, Node, as_onnx

Values = NDArray[np.float32]


class BadGraph(Exception):
    """The files are no such network, or one with operators that are not known here."""


class _Quantization(msgspec.Struct, frozen=True):
    dtype: str


class _Weight(msgspec.Struct, frozen=True):
    name: str
    shape: tuple[Annotated[int, Meta(ge=1)], ...]
    dtype: str
    quantization: _Quantization | None = None

    @property
    def stored(self) -> np.dtype[np.generic]:
        return np.dtype(self.quantization.dtype if self.quantization else self.dtype)


class _Group(msgspec.Struct, frozen=True):
    weights: tuple[_Weight, ...]


class _Value(msgspec.Struct, frozen=True):
    s: str = ""
    list: dict[str, tuple[str, ...]] = {}


class _Operation(msgspec.Struct, frozen=True):
    name: str
    op: str
    input: tuple[str, ...] = ()
    attr: dict[str, msgspec.Raw] = {}

    def value(self, name: str) -> _Value:
        return msgspec.json.decode(self.attr[name], type=_Value)


class _Topology(msgspec.Struct, frozen=True):
    node: tuple[_Operation, ...]


class _Graph(msgspec.Struct, frozen=True, rename="camel"):
    model_topology: _Topology
    weights_manifest: tuple[_Group, ...]


def tensorflow_as_onnx(graph: Path, weights: Path, wanted: str, side: int) -> bytes:
    """The part of a network of pictures, `side` x `side` x 3, that ends in the value `wanted`.

    Raises `BadGraph`.
    """
    try:
        read = msgspec.json.decode(graph.read_bytes(), type=_Graph)
        stored = _weights(read, weights.read_bytes())
        operations = {one.name: one for one in read.model_topology.node}
        return _converted(_needed(operations, wanted), stored, wanted, side)
    except (msgspec.MsgspecError, ValueError, KeyError, IndexError, TypeError) as error:
        raise BadGraph(f"{graph.name}: {error}") from None


def _weights(graph: _Graph, data: bytes) -> dict[str, Values]:
    found, begins = {}, 0
    for group in graph.weights_manifest:
        for weight in group.weights:
            count = int(np.prod(weight.shape, dtype=int))
            values = np.frombuffer(data, weight.stored, count, begins)
            found[weight.name] = values.astype(np.float32).reshape(weight.shape)
            begins += values.nbytes
    return found


def _needed(operations: Mapping[str, _Operation], wanted: str) -> list[_Operation]:
    """What the wanted value follows from, in the order of work."""
    ordered: dict[str, _Operation] = {}
    waiting = [wanted]
    while waiting:
        operation = operations[waiting[-1]]
        missing = [name for name in operation.input if name not in ordered]
        if missing and waiting[-1] not in ordered:
            if len(waiting) > len(operations):
                raise ValueError("it goes round in circles")
            waiting += missing
        else:
            ordered[waiting.pop()] = operation
    return list(ordered.values())


def _converted(
    operations: Sequence[_Operation], stored: Mapping[str, Values], wanted: str, side: int
) -> bytes:
    nodes: list[Node] = []
    weights: dict[str, Values] = {}
    for one in operations:
        if one.op != "Const":
            node, of_node = _CONVERSIONS[one.op](one, stored)
            nodes.append(node)
            weights |= of_node
    takes = (_TAKEN, ("pictures", side, side, 3))
    return as_onnx(nodes, weights, takes, (wanted, ("pictures", "numbers", "down", "across")))


Converted = tuple[Node, dict[str, Values]]


def _given(one: _Operation, stored: Mapping[str, Values]) -> Converted:
    return Node("Transpose", [_TAKEN], [one.name], {"perm": (0, 3, 1, 2)}), {}


def _convolution(one: _Operation, stored: Mapping[str, Values]) -> Converted:
    kernel = stored[one.input[1]].transpose(3, 2, 0, 1)
    return _with_kernel(one, kernel, groups=1)


def _by_depth(one: _Operation, stored: Mapping[str, Values]) -> Converted:
    """Each colour for itself."""
    kernel = stored[one.input[1]].transpose(2, 3, 0, 1)
    return _with_kernel(one, kernel, groups=len(kernel))


def _with_kernel(one: _Operation, kernel: Values, groups: int) -> Converted:
    padding = base64.b64decode(one.value("padding").s).decode("ascii")
    down, across = one.value("strides").list["i"][1:3]
    attributes: dict[str, Attribute] = {
        "auto_pad": _PADDING[padding],
        "strides": (int(down), int(across)),
        "group": groups,
    }
    node = Node("Conv", one.input[:2], [one.name], attributes)
    return node, {one.input[1]: np.ascontiguousarray(kernel)}


def _mean(one: _Operation, stored: Mapping[str, Values]) -> Converted:
    return Node("GlobalAveragePool", one.input[:1], [one.name]), {}


def _each(one: _Operation, stored: Mapping[str, Values]) -> Converted:
    """An operator that takes values one by one, whatever comes last."""
    constants = {name: stored[name] for name in one.input if name in stored}
    weights = {name: _colours_first(value) for name, value in constants.items()}
    return Node(_SAME[one.op], one.input, [one.name]), weights


def _colours_first(value: Values) -> Values:
    """A number for each colour, as it meets values with their places behind."""
    return value.reshape(-1, 1, 1) if value.ndim else value


_TAKEN = "picture:taken"
_SAME = {"Add": "Add", "Mul": "Mul", "Relu": "Relu", "Minimum": "Min", "Maximum": "Max"}
_PADDING = {"SAME": "SAME_UPPER", "VALID": "VALID"}
_CONVERSIONS: Mapping[str, Callable[[_Operation, Mapping[str, Values]], Converted]] = {
    "Placeholder": _given,
    "Conv2D": _convolution,
    "DepthwiseConv2dNative": _by_depth,
    "Mean": _mean,
    **dict.fromkeys(_SAME, _each),
}
