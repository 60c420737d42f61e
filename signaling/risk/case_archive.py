"""A case as one file that proves itself: entries, a chain over them, a signature over the chain.

A ZIP with `manifest.json`, which names each entry with its hash and its link of the chain, and
`signature`, which is Ed25519 over the manifest's bytes.  The public key is in the manifest: a
reader who knows the installation's compares it; anybody else still sees whether the archive is
whole.  Pure: bytes in, bytes out.
"""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT = "candor-case/1"
MANIFEST, SIGNATURE = "manifest.json", "signature"
GENESIS = "0" * 64
# What a reader opens at most; an archive that promises more is a bomb.
MOST_ENTRIES = 2000
MOST_BYTES = 256 << 20
# ZIP knows no time zones, and nothing else of the archive depends on when it was made.
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


class Damaged(Exception):
    """The archive is not what was exported, in words."""


class Link(msgspec.Struct, frozen=True):
    """An entry, and the chain up to it."""

    name: str
    size: int
    sha256: str
    chain: str


class Manifest(msgspec.Struct, frozen=True):
    """What is signed."""

    format: str
    case: str
    made_at: datetime
    public_key: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Case:
    """A case that was checked: its manifest and its entries."""

    manifest: Manifest
    entries: Mapping[str, bytes]


def signing_key(secret: str) -> Ed25519PrivateKey:
    """The installation's; it follows from its secret."""
    derive = HKDF(SHA256(), length=32, salt=None, info=b"case signing")
    return Ed25519PrivateKey.from_private_bytes(derive.derive(secret.encode()))


def public_key(key: Ed25519PrivateKey) -> str:
    """As it is printed."""
    return key.public_key().public_bytes_raw().hex()


def written(
    case: str, entries: Mapping[str, bytes], key: Ed25519PrivateKey, made_at: datetime
) -> bytes:
    """The archive."""
    links = _links(entries)
    manifest = msgspec.json.encode(Manifest(FORMAT, case, made_at, public_key(key), links))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as out:
        signed = {MANIFEST: manifest, SIGNATURE: key.sign(manifest).hex().encode()}
        for name, content in {**signed, **entries}.items():
            out.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


def verified(data: bytes) -> Case:
    """The case; raises `Damaged`, and nothing else, for anything that was not exported so."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = _contents(archive)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise Damaged(f"it is no whole ZIP ({error})") from None
    except Exception as error:
        # zlib and struct have errors of their own for what is no archive.
        raise Damaged(f"it cannot be unpacked ({error})") from None
    manifest = _checked_manifest(files.pop(MANIFEST, b""), files.pop(SIGNATURE, b""))
    named = [link.name for link in manifest.links]
    if sorted(named) != sorted(files):
        raise Damaged("its entries are not those of its manifest")
    ordered = {name: files[name] for name in named}
    for link, found in zip(manifest.links, _links(ordered), strict=True):
        if link != found:
            raise Damaged(f"{link.name} was changed")
    return Case(manifest, ordered)


def _links(entries: Mapping[str, bytes]) -> tuple[Link, ...]:
    links, chain = [], GENESIS
    for name, content in entries.items():
        digest = hashlib.sha256(content).hexdigest()
        chain = hashlib.sha256(f"{chain}\n{name}\n{digest}".encode()).hexdigest()
        links.append(Link(name, len(content), digest, chain))
    return tuple(links)


def _contents(archive: zipfile.ZipFile) -> dict[str, bytes]:
    listed = archive.infolist()
    names = {one.filename for one in listed}
    if len(names) < len(listed):
        raise Damaged("an entry is there twice")
    if len(listed) > MOST_ENTRIES or sum(one.file_size for one in listed) > MOST_BYTES:
        raise Damaged("it is larger than any case")
    return {one.filename: archive.read(one) for one in listed}


def _checked_manifest(data: bytes, signature: bytes) -> Manifest:
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(manifest.public_key))
        key.verify(bytes.fromhex(signature.decode()), data)
    except InvalidSignature:
        raise Damaged("its signature is of something else") from None
    except (msgspec.MsgspecError, ValueError) as error:
        raise Damaged(f"its manifest cannot be read ({error})") from None
    if manifest.format != FORMAT:
        raise Damaged(f"its format is {manifest.format}, not {FORMAT}")
    return manifest
