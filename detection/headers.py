"""How large the pictures are that an encoded frame announces, read before any decoder sees it.

Knows the first bits of VP8 (RFC 6386, 9.1), VP9 (its specification, 6.2), H.264 (7.3.2.1.1) and AV1
(its specification, 5.3 and 5.5).
A frame of 74 bytes may claim 16383 x 16383; a decoder that believes it takes 3 s and 876 MB.
"""

from collections.abc import Callable, Iterator, Mapping

Size = tuple[int, int]


class BadHeader(Exception):
    """The bytes are no frame of their codec."""


def announced_sizes(codec: str, data: bytes) -> list[Size]:
    """Every size that a frame announces; often none.  Raises `BadHeader` and nothing else."""
    if not data:
        raise BadHeader("nothing is there")
    try:
        return list(_READERS[codec](data))
    except (IndexError, KeyError) as error:
        raise BadHeader(str(error)) from None


def _of_vp8(data: bytes) -> Iterator[Size]:
    if data[0] & 1:
        return
    if data[3:6] != b"\x9d\x01\x2a":
        raise BadHeader("VP8 key frame without its start code")
    width, height = data[6] | data[7] << 8, data[8] | data[9] << 8
    # The top two bits ask the player to scale.
    yield _positive(width & 0x3FFF, height & 0x3FFF)


class _Bits:
    """Bits from the most significant on; IndexError behind the end."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def take(self, count: int) -> int:
        value = 0
        for _ in range(count):
            byte = self._data[self._position >> 3]
            value = value << 1 | byte >> (7 - (self._position & 7)) & 1
            self._position += 1
        return value

    def unsigned(self) -> int:
        """Exp-Golomb (H.264, 9.1)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:  # noqa: PLR2004 - nothing in a parameter set is larger
                raise BadHeader("a number is too long")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        value = self.unsigned()
        return (value + 1) // 2 if value & 1 else -(value // 2)


_SYNC_CODE = 0x498342
_RGB = 7
_SUPERFRAME = 0b110
_WITH_BIT_DEPTH = 2  # from this profile on


def _of_vp9(data: bytes) -> Iterator[Size]:
    for frame in _vp9_frames(data):
        yield from _of_vp9_frame(_Bits(frame))


def _vp9_frames(data: bytes) -> Iterator[bytes]:
    """The frames of a superframe (annex B), or the one that there is."""
    marker = data[-1]
    count, length_bytes = (marker & 7) + 1, (marker >> 3 & 3) + 1
    index_bytes = 2 + count * length_bytes
    if marker >> 5 != _SUPERFRAME or len(data) < index_bytes or data[-index_bytes] != marker:
        yield data
        return
    start, table = 0, len(data) - index_bytes + 1
    for number in range(count):
        place = table + number * length_bytes
        length = int.from_bytes(data[place : place + length_bytes], "little")
        if start + length > len(data) - index_bytes:
            raise BadHeader("VP9 superframe is cut off")
        if length:
            yield data[start : start + length]
        start += length


def _of_vp9_frame(bits: _Bits) -> Iterator[Size]:
    if bits.take(2) != 2:  # noqa: PLR2004 - the frame marker
        raise BadHeader("VP9 frame without its marker")
    profile = bits.take(1) | bits.take(1) << 1
    if profile == 3:  # noqa: PLR2004
        bits.take(1)
    if bits.take(1):  # an earlier picture is shown again
        return
    inter, shown, resilient = bits.take(1), bits.take(1), bits.take(1)
    if not inter:
        _check_sync(bits)
        _skip_colours(bits, profile)
        yield _vp9_size(bits)
        return
    intra_only = 0 if shown else bits.take(1)
    if not resilient:
        bits.take(2)
    if intra_only:
        _check_sync(bits)
        if profile:
            _skip_colours(bits, profile)
        bits.take(8)
        yield _vp9_size(bits)
        return
    bits.take(8 + 3 * 4)
    if not any(bits.take(1) for _ in range(3)):
        yield _vp9_size(bits)


def _check_sync(bits: _Bits) -> None:
    if bits.take(24) != _SYNC_CODE:
        raise BadHeader("VP9 frame without its sync code")


def _skip_colours(bits: _Bits, profile: int) -> None:
    if profile >= _WITH_BIT_DEPTH:
        bits.take(1)
    if bits.take(3) == _RGB:
        bits.take(profile & 1)
        return
    bits.take(4 if profile & 1 else 1)


def _vp9_size(bits: _Bits) -> Size:
    width = bits.take(16) + 1
    return width, bits.take(16) + 1


_SEQUENCE_PARAMETERS = 7
_WITH_CHROMA = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_FULL_CHROMA = 3
_MAX_CYCLE = 255
_LARGE_LISTS_FROM = 6


def _of_h264(data: bytes) -> Iterator[Size]:
    units = data.split(b"\0\0\1")
    if len(units) == 1:
        raise BadHeader("H.264 frame without a start code")
    for unit in units[1:]:
        if unit and unit[0] & 0x1F == _SEQUENCE_PARAMETERS:
            # Emulation prevention (7.4.1.1).
            yield _of_parameters(_Bits(unit[1:].replace(b"\0\0\3", b"\0\0")))


def _of_parameters(bits: _Bits) -> Size:
    profile = bits.take(8)
    bits.take(16)
    bits.unsigned()
    if profile in _WITH_CHROMA:
        _skip_chroma(bits)
    bits.unsigned()
    _skip_picture_order(bits)
    bits.unsigned()
    bits.take(1)
    columns, rows = bits.unsigned() + 1, bits.unsigned() + 1
    # Cropping only makes it smaller, and the decoder holds all of it.
    return 16 * columns, 16 * rows * (1 if bits.take(1) else 2)


def _skip_chroma(bits: _Bits) -> None:
    chroma = bits.unsigned()
    if chroma == _FULL_CHROMA:
        bits.take(1)
    bits.unsigned()
    bits.unsigned()
    bits.take(1)
    if bits.take(1):
        for index in range(12 if chroma == _FULL_CHROMA else 8):
            if bits.take(1):
                _skip_scaling(bits, 16 if index < _LARGE_LISTS_FROM else 64)


def _skip_scaling(bits: _Bits, length: int) -> None:
    last = following = 8
    for _ in range(length):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_picture_order(bits: _Bits) -> None:
    kind = bits.unsigned()
    if kind == 0:
        bits.unsigned()
    elif kind == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        cycle = bits.unsigned()
        if cycle > _MAX_CYCLE:
            raise BadHeader("H.264 reference cycle is too long")
        for _ in range(cycle):
            bits.signed()


_AV1_SEQUENCE = 1
# A frame header, and a frame with its header.
_AV1_PICTURES = frozenset({3, 6})
# A layer has one each; a few hundred bytes could ask for thousands of earlier pictures again.
_MAX_AV1_PICTURES = 16
_LAST_LEVEL_WITHOUT_TIER = 7


def _of_av1(data: bytes) -> Iterator[Size]:
    pictures = 0
    for kind, body in _av1_units(data):
        if kind == _AV1_SEQUENCE:
            yield _of_sequence(_Bits(body))
        pictures += kind in _AV1_PICTURES
        if pictures > _MAX_AV1_PICTURES:
            raise BadHeader("AV1 frame of too many pictures")


def _av1_units(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and body of each unit; all of them say how long they are."""
    position = 0
    while position < len(data):
        head = data[position]
        if head & 0x80 or not head & 0x02:
            raise BadHeader("AV1 unit without its size")
        size, begin = _leb128(data, position + (2 if head & 0x04 else 1))
        position = begin + size
        if position > len(data):
            raise BadHeader("AV1 unit is cut off")
        yield head >> 3 & 0x0F, data[begin:position]


def _leb128(data: bytes, position: int) -> tuple[int, int]:
    """A length (4.10.5), and the position after it."""
    value = 0
    for index in range(8):
        byte = data[position + index]
        value |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            return value, position + index + 1
    raise BadHeader("AV1 length without an end")


def _of_sequence(bits: _Bits) -> Size:
    bits.take(4)
    if bits.take(1):
        bits.take(5)
    else:
        _skip_operating_points(bits)
    width_bits, height_bits = bits.take(4) + 1, bits.take(4) + 1
    width = bits.take(width_bits) + 1
    return width, bits.take(height_bits) + 1


def _skip_operating_points(bits: _Bits) -> None:
    delay_bits = _skip_timing(bits) if bits.take(1) else 0
    has_display_delay = bits.take(1)
    for _ in range(bits.take(5) + 1):
        bits.take(12)
        if bits.take(5) > _LAST_LEVEL_WITHOUT_TIER:
            bits.take(1)
        if delay_bits and bits.take(1):
            bits.take(2 * delay_bits + 1)
        if has_display_delay and bits.take(1):
            bits.take(4)


def _skip_timing(bits: _Bits) -> int:
    bits.take(64)
    if bits.take(1):
        bits.unsigned()
    if not bits.take(1):
        return 0
    delay_bits = bits.take(5) + 1
    bits.take(42)
    return delay_bits


def _positive(width: int, height: int) -> Size:
    if not (width and height):
        raise BadHeader("a picture of no size")
    return width, height


_READERS: Mapping[str, Callable[[bytes], Iterator[Size]]] = {
    "vp8": _of_vp8,
    "vp9": _of_vp9,
    "h264": _of_h264,
    "av1": _of_av1,
}
