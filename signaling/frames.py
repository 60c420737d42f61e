"""What RFC 6455 asks of a client's frames and aiohttp lets pass: masks, and whole messages.

Pure: bytes in, a close code out.  It refuses to know payloads, which aiohttp reads.
"""

PROTOCOL_ERROR = 1002

_CONTINUATION, _TEXT, _BINARY, _FIRST_CONTROL = 0x0, 0x1, 0x2, 0x8
_HEAD_BYTES, _MASK_BYTES = 2, 4
# 7 bits of length: these two say that 2 or 8 bytes of it follow (RFC 6455, 5.2).
_LENGTH_BYTES = {126: 2, 127: 8}


class Frames:
    """Walks over the frames of one connection."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._payload_left = 0
        self._in_message = False

    def receive(self, data: bytes) -> int | None:
        """The code to close with, or None as long as every frame is as it must be."""
        position = 0
        while position < len(data):
            skipped = min(self._payload_left, len(data) - position)
            self._payload_left -= skipped
            position += skipped
            if position < len(data):
                self._head.append(data[position])
                position += 1
                if not self._is_head_good():
                    return PROTOCOL_ERROR
        return None

    def _is_head_good(self) -> bool:
        """Judge a head as soon as it is whole; False for one that may not be."""
        head = self._head
        if len(head) < _HEAD_BYTES:
            return True
        if not head[1] & 0x80:
            return False
        more = _LENGTH_BYTES.get(head[1] & 0x7F, 0)
        if len(head) < _HEAD_BYTES + more + _MASK_BYTES:
            return True
        self._payload_left = (
            int.from_bytes(head[_HEAD_BYTES : _HEAD_BYTES + more], "big")
            if more
            else head[1] & 0x7F
        )
        first = head[0]
        head.clear()
        return self._fits(opcode=first & 0x0F, final=bool(first & 0x80))

    def _fits(self, *, opcode: int, final: bool) -> bool:
        if opcode >= _FIRST_CONTROL:
            return True
        if (opcode == _CONTINUATION) is not self._in_message:
            return False
        self._in_message = not final
        return True
