"""Parts of a content (RFC 9110, 14): pure."""

import re
from dataclasses import dataclass

_ONE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a content of `size` bytes."""

    start: int
    length: int
    size: int

    @property
    def is_whole(self) -> bool:
        return self.length == self.size

    def content_range(self) -> str:
        """As the header has it."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{self.size}"


class Unsatisfiable(Exception):
    """The content has no such part."""


def span_of(header: str, size: int) -> Span | None:
    """The one stretch that a Range header asks for; raises Unsatisfiable.

    None where it is to be ignored: there is none, it asks for several, or is not understood.
    """
    found = _ONE.fullmatch(header)
    if found is None or found[1] == found[2] == "":
        return None
    first, last = found[1], found[2]
    if first == "":
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= end:
        raise Unsatisfiable
    return Span(start, end - start, size)
