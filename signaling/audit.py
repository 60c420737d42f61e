"""The audit log's chain: what an entry is, and how one proves the next.

Each entry's hash covers its own content and the hash before it, so that a change, a removal or
an insertion anywhere breaks every later link.  What a chain cannot show by itself is a cut tail:
`candor audit verify --head` takes a hash that was noted earlier and looks for it.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Act:
    """Who did what to whom, from where; `detail` holds plain JSON values, never a secret."""

    actor: str
    action: str
    subject: str = ""
    address: str = ""
    detail: str = "{}"


@dataclass(frozen=True, slots=True)
class Entry:
    """An act in its place in the chain."""

    sequence: int
    at: datetime
    act: Act
    previous: str
    hash: str


def link(sequence: int, at: datetime, act: Act, previous: str) -> Entry:
    """The entry that follows the one whose hash is `previous`."""
    return Entry(sequence, at, act, previous, _hash(sequence, at, act, previous))


def detail(**values: str | int | bool | None) -> str:
    """Values as canonical JSON."""
    return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def first_fault(entries: Iterable[Entry], head: tuple[int, str]) -> str | None:
    """What is wrong with a chain from its first entry to its head, in words; None if it holds.

    `head` is the (number, hash) that the store keeps apart from the entries.
    """
    previous, expected = GENESIS, 1
    for entry in entries:
        if entry.sequence != expected:
            return f"entry {expected} is missing (the next is {entry.sequence})"
        if entry.previous != previous:
            return f"entry {entry.sequence} does not follow the one before it"
        if entry.hash != _hash(entry.sequence, entry.at, entry.act, entry.previous):
            return f"entry {entry.sequence} was changed after it was written"
        previous, expected = entry.hash, expected + 1
    if (expected - 1, previous) != head:
        return f"its end is missing: the head is entry {head[0]}, the last one is {expected - 1}"
    return None


def _hash(sequence: int, at: datetime, act: Act, previous: str) -> str:
    content = [
        sequence,
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        act.actor,
        act.action,
        act.subject,
        act.address,
        act.detail,
        previous,
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()
