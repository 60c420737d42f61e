"""What RFC 6455 asks of a client's frames and aiohttp lets pass, or sees late.

Masks, whole messages, text that is UTF-8 as far as it has come, and codes that nobody may close
with.  Pure: bytes in, a fault out.  It refuses to know what messages mean.
"""

import codecs
from dataclasses import dataclass

PROTOCOL_ERROR, BAD_UTF8 = 1002, 1007

_CONTINUATION, _TEXT, _FIRST_CONTROL, _CLOSE = 0x0, 0x1, 0x8, 0x8
_HEAD_BYTES, _MASK_BYTES = 2, 4
# Bits for extensions, of which we offer none: what comes with one is not text, but no bad text.
_RESERVED = 0x70
# 7 bits of length: these two say that 2 or 8 bytes of it follow (RFC 6455, 5.2).
_LENGTH_BYTES = {126: 2, 127: 8}
# Says that there was no close frame, so none can hold it (7.4.1); aiohttp takes it.
_NEVER_SENT = (1006).to_bytes(2, "big")

_decoder = codecs.getincrementaldecoder("utf-8")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why to close; what came before `position` in the same bytes was as it must be."""

    code: int
    position: int


class Frames:
    """Walks over the frames of one connection."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._opcode = _CONTINUATION
        self._final = True
        self._mask = b""
        self._payload_left = 0
        self._in_message = False
        self._text: codecs.IncrementalDecoder | None = None
        self._close = bytearray()

    def receive(self, data: bytes) -> Fault | None:
        """The first fault, or None as long as every frame is as it must be."""
        position = begins = 0
        while position < len(data):
            if self._payload_left == 0:
                begins = begins if self._head else position
                self._head.append(data[position])
                position += 1
                code = self._judge_head()
            else:
                part = data[position : position + self._payload_left]
                position += len(part)
                code = self._judge_payload(part)
            if code is not None:
                return Fault(code, begins)
        return None

    def _judge_head(self) -> int | None:
        """As soon as it is whole."""
        head = self._head
        if len(head) < _HEAD_BYTES:
            return None
        if head[0] & _RESERVED or not head[1] & 0x80:
            return PROTOCOL_ERROR
        more = _LENGTH_BYTES.get(head[1] & 0x7F, 0)
        if len(head) < _HEAD_BYTES + more + _MASK_BYTES:
            return None
        self._opcode, self._final = head[0] & 0x0F, bool(head[0] & 0x80)
        self._mask = bytes(head[-_MASK_BYTES:])
        length = head[_HEAD_BYTES : _HEAD_BYTES + more] if more else bytes([head[1] & 0x7F])
        self._payload_left = int.from_bytes(length, "big")
        head.clear()
        return self._begin_frame() or (self._end_frame() if self._payload_left == 0 else None)

    def _begin_frame(self) -> int | None:
        if self._opcode >= _FIRST_CONTROL:
            self._close.clear()
            return None
        if (self._opcode == _CONTINUATION) is not self._in_message:
            return PROTOCOL_ERROR
        if not self._in_message:
            self._text = _decoder() if self._opcode == _TEXT else None
        self._in_message = not self._final
        return None

    def _judge_payload(self, part: bytes) -> int | None:
        self._payload_left -= len(part)
        if self._opcode == _CLOSE:
            self._close += self._unmasked(part)[: _HEAD_BYTES - len(self._close)]
        elif self._opcode < _FIRST_CONTROL and not self._is_text(self._unmasked(part)):
            return BAD_UTF8
        return self._end_frame() if self._payload_left == 0 else None

    def _end_frame(self) -> int | None:
        if self._opcode == _CLOSE and bytes(self._close) == _NEVER_SENT:
            return PROTOCOL_ERROR
        if self._opcode < _FIRST_CONTROL and self._final and not self._is_text(b"", whole=True):
            return BAD_UTF8
        return None

    def _is_text(self, part: bytes, *, whole: bool = False) -> bool:
        """Whether the message may still become text, if it says that it is."""
        if self._text is None:
            return True
        try:
            self._text.decode(part, whole)
        except UnicodeDecodeError:
            return False
        return True

    def _unmasked(self, part: bytes) -> bytes:
        """And the mask is turned, so that it fits what comes behind (5.3)."""
        mask = (self._mask * (len(part) // _MASK_BYTES + 2))[: len(part) + _MASK_BYTES]
        self._mask = mask[len(part) :]
        number = int.from_bytes(part, "big") ^ int.from_bytes(mask[: len(part)], "big")
        return number.to_bytes(len(part), "big")
