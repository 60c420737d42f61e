"""Networks that are written and read here give what their makers' arithmetic gives."""

import base64
import io
import json
import pickle
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detection.networks import Node, as_onnx, open_network
from detection.tensorflow_graph import BadGraph, tensorflow_as_onnx
from detection.torch_archive import BadArchive, read_torch_archive

SIDE = 6
KERNEL = np.random.default_rng(1).normal(size=(3, 3, 3, 4)).astype(np.float16)
OFFSET = np.array([1, 2, 3, 4], dtype=np.float16)
SAME = base64.b64encode(b"SAME").decode()


def operation(name: str, op: str, *inputs: str, **attributes: Any) -> dict[str, Any]:
    return {"name": name, "op": op, "input": inputs, "attr": attributes}


def graph(folder: Path, last: dict[str, Any]) -> tuple[Path, Path]:
    """A convolution with an offset, and whatever comes last, as pages' TensorFlow stores it."""
    strides = {"list": {"i": ["1", "2", "2", "1"]}}
    nodes = [
        operation("picture", "Placeholder"),
        operation("kernel", "Const"),
        operation("offset", "Const"),
        operation("convolved", "Conv2D", "picture", "kernel", strides=strides, padding={"s": SAME}),
        operation("moved", "Add", "convolved", "offset"),
        last,
    ]
    half = {"dtype": "float16"}
    weights = [
        {"name": name, "shape": value.shape, "dtype": "float32", "quantization": half}
        for name, value in (("kernel", KERNEL), ("offset", OFFSET))
    ]
    paths = folder / "graph.json", folder / "weights.bin"
    manifest = {"modelTopology": {"node": nodes}, "weightsManifest": [{"weights": weights}]}
    paths[0].write_text(json.dumps(manifest))
    paths[1].write_bytes(KERNEL.tobytes() + OFFSET.tobytes())
    return paths


def test_a_graph_for_pages_gives_what_its_arithmetic_says(tmp_path: Path) -> None:
    picture = np.random.default_rng(2).normal(size=(SIDE, SIDE, 3)).astype(np.float32)
    network = tensorflow_as_onnx(*graph(tmp_path, operation("end", "Mean", "moved")), "end", SIDE)
    (found,) = open_network(network).run(None, {"picture:taken": picture[None]})
    # With an even side and steps of two, TensorFlow adds its border behind, and none before.
    padded = np.pad(picture, ((0, 1), (0, 1), (0, 0)))
    spots = [
        np.tensordot(padded[y : y + 3, x : x + 3], KERNEL.astype(np.float32), axes=3)
        for y in range(0, SIDE, 2)
        for x in range(0, SIDE, 2)
    ]
    assert found.ravel() == pytest.approx(np.mean(spots, axis=0) + OFFSET, abs=1e-4)


def test_what_nothing_follows_from_may_be_unknown_and_what_is_wanted_may_not(
    tmp_path: Path,
) -> None:
    strange = graph(tmp_path, operation("end", "Einsum", "moved"))
    assert tensorflow_as_onnx(*strange, "moved", SIDE)
    for wanted in ("end", "elsewhere"):
        with pytest.raises(BadGraph):
            tensorflow_as_onnx(*strange, wanted, SIDE)
    in_circles = graph(tmp_path, operation("end", "Add", "end", "moved"))
    with pytest.raises(BadGraph):
        tensorflow_as_onnx(*in_circles, "end", SIDE)


def test_a_network_is_written_as_the_runtime_reads_it() -> None:
    long = np.arange(300, dtype=np.float32)
    nodes = [Node("Add", ["given", "long"], ["sum"])]
    network = as_onnx(nodes, {"long": long}, ("given", ("many", 300)), ("sum", ("many", 300)))
    (found,) = open_network(network).run(None, {"given": np.ones((2, 300), np.float32)})
    assert (found == long + 1).all()


class Named:
    """Pickled as a call of something that has a name."""

    def __init__(self, module: str, name: str, *arguments: object) -> None:
        self.called = (module, name)
        self.arguments = arguments


class Torch(pickle._Pickler):  # the one in C asks for functions that can be imported
    """Writes pickles as torch does, without it."""

    def persistent_id(self, value: object) -> object:
        return value if isinstance(value, tuple) and value[:1] == ("storage",) else None

    def save(self, value: Any, save_persistent_id: bool = True) -> None:
        if isinstance(value, Named):
            self.write(b"c" + "\n".join((*value.called, "")).encode())
            if value.arguments:
                super().save(value.arguments)
                self.write(pickle.REDUCE)
        else:
            super().save(value, save_persistent_id)


def archive(path: Path, entries: object, numbers: bytes = b"") -> Path:
    file = io.BytesIO()
    for one in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, entries, ["7"]):
        Torch(file, 2).dump(one)
    count = len(numbers) // 4
    path.write_bytes(file.getvalue() + struct.pack("<q", count) + numbers)
    return path


def tensor(count: int, *layout: object) -> Named:
    storage = ("storage", Named("torch", "FloatStorage"), "7", "cpu", count, None)
    return Named("torch._utils", "_rebuild_tensor_v2", storage, *layout, False, OrderedDict())


def test_weights_are_read_as_they_were_laid_out(tmp_path: Path) -> None:
    numbers = np.arange(6, dtype=np.float32)
    turned = tensor(6, 0, (3, 2), (1, 3))
    path = archive(tmp_path / "a.pt", {"state": {"w": turned}, "step": 9}, numbers.tobytes())
    assert (read_torch_archive(path, "state")["w"] == numbers.reshape(2, 3).T).all()


def test_an_archive_that_names_anything_else_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    bad = {
        "function": {"state": Named("pathlib", "Path.touch", str(touched))},
        "system": {"state": Named("os", "system", f"touch {touched}")},
        "evaluated": {"state": Named("builtins", "eval", f"open({str(touched)!r}, 'w')")},
        "too short": {"state": {"w": tensor(900, 0, (30, 30), (30, 1))}},
        "beyond": {"state": {"w": tensor(2, 1, (2,), (1,))}},
        "no tensor": {"state": {"w": "weights"}},
        "elsewhere": {"other": {}},
    }
    for name, entries in bad.items():
        with pytest.raises(BadArchive):
            read_torch_archive(archive(tmp_path / f"{name}.pt", entries, b"\0" * 8), "state")
    (tmp_path / "garbage.pt").write_bytes(b"\x80\x02garbage")
    with pytest.raises(BadArchive):
        read_torch_archive(tmp_path / "garbage.pt", "state")
    assert not touched.exists()
