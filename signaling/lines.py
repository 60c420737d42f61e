"""Foreign output as a few short lines: bounded in length and in number, whatever comes in.

Pure.  Where the bytes come from and where the lines go is decided elsewhere.
"""

from signaling.limits import Buckets, Rate

# Two tracebacks at once, and two lines a second for ever: 170 MB a day at most, before rotation.
RATE = Rate(count=120, seconds=60.0)
LONGEST_BYTES = 1000


class Lines:
    """Cuts a stream of bytes into lines that are safe to log.

    A line has at most `longest_bytes` of the stream; the rest of it is not kept.  What cannot be
    printed is escaped, so a line is one line in any log.  Lines above the rate are counted, and
    the next one that passes is preceded by their number.  Blank lines are not passed on.
    """

    def __init__(self, rate: Rate = RATE, longest_bytes: int = LONGEST_BYTES) -> None:
        self._buckets = Buckets(rate, keys=1)
        self._longest_bytes = longest_bytes
        self._begun = b""
        self._left_out = 0

    def feed(self, chunk: bytes, now: float) -> list[str]:
        """The lines that end in this chunk and may be logged."""
        lines: list[str] = []
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            if self._buckets.take("", now):
                # A flood is not looked at line by line: that would hold up everybody else.
                self._left_out += chunk.count(b"\n", start)
                self._begun = b""
                start = chunk.rfind(b"\n") + 1
                break
            lines += self._complete(chunk[start : min(end, start + self._longest_bytes)])
            start = end + 1
        self._keep(chunk[start : start + self._longest_bytes])
        return lines

    def close(self, now: float) -> list[str]:
        """What is left when the stream has ended."""
        if self._begun and self._buckets.take("", now):
            self._left_out += 1
            self._begun = b""
        return self._complete(b"") or self._omission()

    def _keep(self, piece: bytes) -> None:
        self._begun = (self._begun + piece)[: self._longest_bytes]

    def _complete(self, piece: bytes) -> list[str]:
        self._keep(piece)
        line = printable(self._begun)
        self._begun = b""
        return [*self._omission(), line] if line else []

    def _omission(self) -> list[str]:
        if not self._left_out:
            return []
        omission = f"({self._left_out} lines left out)"
        self._left_out = 0
        return [omission]


def printable(line: bytes) -> str:
    """Text without control characters; blank at neither end."""
    text = line.decode("utf-8", "backslashreplace").strip()
    return "".join(
        character if character.isprintable() else repr(character)[1:-1] for character in text
    )
