"""What an authenticator writes in CBOR (RFC 8949), as far as WebAuthn needs it.  Pure.

Numbers, bytes, text, lists, maps, true, false and null, each with its length in front.  Tags,
fractions and lengths that are told at the end are refused, as CTAP's canonical form has none.
"""

from collections.abc import Callable
from typing import Any

DEEPEST = 4
MOST_ITEMS = 64
# Behind 0xf4: the values without a content.
SIMPLE = {20: False, 21: True, 22: None}


class Malformed(ValueError):
    """Not what an authenticator writes."""


def read(data: bytes) -> tuple[Any, int]:
    """The first value, and where it ends."""
    reader = _Reader(data)
    return reader.value(0), reader.at


class _Reader:
    """A place in the bytes; each value moves it on."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._items = 0
        self.at = 0

    def value(self, depth: int) -> Any:
        self._items += 1
        if depth > DEEPEST or self._items > MOST_ITEMS:
            raise Malformed("nested too deeply, or too much")
        kind, count = self._head()
        return _KINDS[kind](self, count, depth)

    def _head(self) -> tuple[int, int]:
        """What kind of value, and its number or length (RFC 8949, 3)."""
        first = self.octets(1)[0]
        kind, short = first >> 5, first & 0x1F
        if short < 24:  # noqa: PLR2004 (the number itself)
            return kind, short
        if short > 27 or kind == 7:  # noqa: PLR2004 (1, 2, 4 or 8 bytes follow)
            raise Malformed("a length that is not told")
        return kind, int.from_bytes(self.octets(1 << (short - 24)), "big")

    def items(self, count: int, depth: int) -> list[Any]:
        return [self.value(depth + 1) for _ in range(_bounded(count))]

    def names(self, count: int, depth: int) -> dict[int | str, Any]:
        found: dict[int | str, Any] = {}
        for _ in range(_bounded(count)):
            key = self.value(depth + 1)
            if not isinstance(key, int | str) or key in found:
                raise Malformed("a name that is none, or that comes twice")
            found[key] = self.value(depth + 1)
        return found

    def octets(self, count: int, _: int = 0) -> bytes:
        taken = self._data[self.at : self.at + count]
        if len(taken) != count:
            raise Malformed("it ends too early")
        self.at += count
        return taken

    def text(self, count: int, _: int) -> str:
        try:
            return self.octets(count).decode()
        except UnicodeDecodeError:
            raise Malformed("text that is not UTF-8") from None


def _simple(_: _Reader, count: int, __: int) -> bool | None:
    if count not in SIMPLE:
        raise Malformed("a fraction, or a value that nobody has defined")
    return SIMPLE[count]


def _tag(_: _Reader, __: int, ___: int) -> Any:
    raise Malformed("a tag")


def _bounded(count: int) -> int:
    if count > MOST_ITEMS:
        raise Malformed("too many")
    return count


_KINDS: tuple[Callable[[_Reader, int, int], Any], ...] = (
    lambda _, count, __: count,
    lambda _, count, __: -1 - count,
    _Reader.octets,
    _Reader.text,
    _Reader.items,
    _Reader.names,
    _tag,
    _simple,
)
"""By major type (RFC 8949, 3.1)."""
