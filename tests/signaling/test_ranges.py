"""Ranges of a content, against what their words mean."""

from hypothesis import given
from hypothesis import strategies as st

from signaling.http.ranges import Span, Unsatisfiable, span_of

SIZES = st.integers(1, 50)
NUMBERS = st.integers(0, 60) | st.just(10**18)


def _bytes_of(header: str, content: bytes) -> bytes | None:
    try:
        span = span_of(header, len(content))
    except Unsatisfiable:
        return None
    span = span or Span(0, len(content), len(content))
    return content[span.start : span.start + span.length]


@given(SIZES, NUMBERS, NUMBERS)
def test_a_range_is_what_python_would_slice(size: int, first: int, last: int) -> None:
    content = bytes(range(size))
    expected = content[first : last + 1] if first <= last else content

    assert _bytes_of(f"bytes={first}-{last}", content) == (expected or None)
    assert _bytes_of(f"bytes={first}-", content) == (content[first:] or None)
    assert _bytes_of(f"bytes=-{last}", content) == (content[-last:] if last else None)


@given(st.text(max_size=30) | st.text(st.sampled_from("bytes=0123456789-, "), max_size=30), SIZES)
def test_whatever_the_header_says_a_span_lies_within(header: str, size: int) -> None:
    try:
        span = span_of(header, size)
    except Unsatisfiable:
        return
    if span is not None:
        assert 0 <= span.start < span.start + span.length <= size
