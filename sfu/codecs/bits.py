"""Reads numbers of odd widths out of the headers of encoded video.

Knows fixed-width fields, Exp-Golomb codes (H.264, 9.1), `uvlc` (AV1, 4.10.3) and `leb128` (AV1,
4.10.5).  It refuses to know what the numbers mean.
"""

from sfu.errors import DropReason, RemoteError

# No header that we read has a code of more than 32 leading zeros.
_MAX_LEADING_ZEROS = 32
# AV1, 4.10.5: at most eight bytes of seven bits.
_MAX_LEB128_LENGTH = 8


class BitReader:
    """Reads from the most significant bit on; past the end it raises `RemoteError`."""

    __slots__ = ("_left", "_value")

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def bits(self, count: int) -> int:
        if count > self._left:
            raise RemoteError(DropReason.BAD_PAYLOAD, "codec header is cut off")
        self._left -= count
        return self._value >> self._left & (1 << count) - 1

    def flag(self) -> bool:
        return self.bits(1) == 1

    def unsigned(self) -> int:
        """`ue(v)` of H.264; `uvlc` of AV1 is the same code."""
        zeros = 0
        while not self.flag():
            zeros += 1
            if zeros > _MAX_LEADING_ZEROS:
                raise RemoteError(DropReason.BAD_PAYLOAD, "codec header has an endless number")
        return (1 << zeros) - 1 + self.bits(zeros)

    def signed(self) -> int:
        """`se(v)` of H.264: 0, 1, -1, 2, -2 and so on."""
        code = self.unsigned()
        return (code + 1) // 2 if code % 2 else -(code // 2)


def read_leb128(data: bytes, position: int) -> tuple[int, int]:
    """A length of AV1 at `position`, and the position after it."""
    value = 0
    for index, byte in enumerate(data[position : position + _MAX_LEB128_LENGTH]):
        value |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            return value, position + index + 1
    raise RemoteError(DropReason.BAD_PAYLOAD, "leb128 number is cut off")


def write_leb128(value: int) -> bytes:
    """A length of AV1, in as few bytes as will do."""
    groups = []
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*groups, value))
