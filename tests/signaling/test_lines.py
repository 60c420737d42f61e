import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.limits import Rate
from signaling.lines import Lines, printable

PLENTY = Rate(100_000, 1.0)


def relayed(chunks: list[bytes], rate: Rate = PLENTY, longest_bytes: int = 20) -> list[str]:
    lines = Lines(rate, longest_bytes)
    passed = [lines.feed(chunk, 0.0) for chunk in chunks]
    return list(itertools.chain(*passed, lines.close(0.0)))


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([], []),
        ([b"one\ntwo\n"], ["one", "two"]),
        ([b"o", b"ne", b"\ntw", b"o\n"], ["one", "two"]),
        ([b"no end"], ["no end"]),
        ([b"\n\n  \n"], []),
        ([b"crlf\r\n"], ["crlf"]),
        ([b"x" * 50 + b"\nnext\n"], ["x" * 20, "next"]),
        ([b"x" * 15, b"y" * 50, b"z\nnext\n"], ["x" * 15 + "y" * 5, "next"]),
        ([b"bell \x07 \x1b[31m\n"], ["bell \\x07 \\x1b[31m"]),
        (["真诚\n".encode()], ["真诚"]),
        ([b"half \xe7\x9c\n"], ["half \\xe7\\x9c"]),
        (["split\u2028line\n".encode()], ["split\\u2028line"]),
    ],
)
def test_bytes_become_lines(chunks: list[bytes], expected: list[str]) -> None:
    assert relayed(chunks) == expected


def test_lines_above_the_rate_are_counted_and_not_passed_on() -> None:
    lines = Lines(Rate(2, 10.0))
    assert lines.feed(b"1\n2\n3\n4\n5", 0.0) == ["1", "2"]
    assert lines.feed(b"\n6\n", 1.0) == []
    assert lines.feed(b"7\n8\n", 6.0) == ["(4 lines left out)", "7"]
    assert lines.close(6.0) == ["(1 lines left out)"]


def test_what_a_flood_began_is_not_mixed_into_the_next_line() -> None:
    lines = Lines(Rate(1, 10.0))
    lines.feed(b"first\nflood", 0.0)
    assert lines.feed(b"ed\nnew", 1.0) == []
    assert lines.feed(b" line\n", 20.0) == ["(1 lines left out)", "new line"]


@given(st.lists(st.binary(max_size=300), max_size=20), st.integers(1, 50))
def test_whatever_comes_lines_are_few_short_and_printable(chunks: list[bytes], count: int) -> None:
    passed = relayed(chunks, Rate(count, 60.0), longest_bytes=20)
    assert len(passed) <= 2 * count + 1
    for line in passed:
        assert line.isprintable()
        # A byte that is no text is escaped to four characters.
        assert len(line) <= max(4 * 20, len("(6000 lines left out)"))


@given(st.lists(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=5)))
def test_cutting_the_stream_anywhere_changes_nothing(words: list[str]) -> None:
    stream = "\n".join(words).encode()
    whole = relayed([stream])
    assert relayed([stream[i : i + 1] for i in range(len(stream))]) == whole == words


def test_printable_keeps_what_people_read() -> None:
    assert printable("naïve ☎ 电话 x²".encode()) == "naïve ☎ 电话 x²"
