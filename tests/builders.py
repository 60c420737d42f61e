"""Packets for tests, built from the standards' pictures and not by the code under test."""

import hmac
import zlib
from struct import pack


def rtp(
    payload: bytes = b"",
    *,
    payload_type: int = 96,
    sequence_number: int = 1,
    timestamp: int = 3000,
    ssrc: int = 0x1234_5678,
    marker: bool = False,
    contributors: tuple[int, ...] = (),
    block: tuple[int, bytes] | None = None,
    padding: bytes = b"",
) -> bytes:
    """An RTP packet; `block` is the profile and the content of a header extension."""
    first = 0x80 | bool(padding) << 5 | (block is not None) << 4 | len(contributors)
    data = pack(
        "!BBHII", first, marker << 7 | payload_type, sequence_number & 0xFFFF, timestamp, ssrc
    )
    data += b"".join(pack("!I", source) for source in contributors)
    if block is not None:
        profile, content = block
        content += bytes(-len(content) % 4)
        data += pack("!HH", profile, len(content) // 4) + content
    return data + payload + padding


def rtcp(packet_type: int, count: int, body: bytes, *, padding: bytes = b"") -> bytes:
    """One RTCP packet; `body` must fill whole words."""
    first = 0x80 | bool(padding) << 5 | count
    return pack("!BBH", first, packet_type, len(body + padding) // 4) + body + padding


def stun_attribute(kind: int, value: bytes) -> bytes:
    return pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def stun(
    attributes: bytes = b"",
    *,
    message_type: int = 0x0001,
    transaction_id: bytes = bytes(range(12)),
    password: bytes | None = None,
    fingerprint: bool = False,
) -> bytes:
    """A STUN message, signed if there is a password."""
    length = len(attributes) + (24 if password is not None else 0)
    data = pack("!HHI12s", message_type, length, 0x2112A442, transaction_id) + attributes
    if password is not None:
        data += stun_attribute(0x0008, hmac.digest(password, data, "sha1"))
    if fingerprint:
        data = data[:2] + pack("!H", len(data) - 12) + data[4:]
        data += stun_attribute(0x8028, pack("!I", zlib.crc32(data) ^ 0x5354554E))
    return data


def binding_request(
    username: bytes = b"local:remote",
    password: bytes | None = b"secret",
    *,
    priority: bytes | None = b"\x6e\x00\x01\xff",
    controlling: bytes | None = bytes(8),
    controlled: bytes | None = None,
    nominate: bool = False,
    more: bytes = b"",
    fingerprint: bool = True,
) -> bytes:
    """A connectivity check as a browser sends one."""
    optional = (
        (0x0006, username),
        (0x802A, controlling),
        (0x8029, controlled),
        (0x0025, b"" if nominate else None),
        (0x0024, priority),
    )
    attributes = b"".join(stun_attribute(k, v) for k, v in optional if v is not None)
    return stun(attributes + more, password=password, fingerprint=fingerprint)


def bits(*fields: tuple[int, int]) -> bytes:
    """Fields of (value, width in bits) one after another, filled up with zeros to whole bytes."""
    text = "".join(f"{value:0{width}b}" for value, width in fields if width)
    text += "0" * (-len(text) % 8)
    return bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8))


def exp_golomb(value: int) -> tuple[int, int]:
    """An unsigned number as a field for `bits` (H.264, 9.1)."""
    return value + 1, 2 * (value + 1).bit_length() - 1


def vp8(
    body: bytes = b"\x01data",
    *,
    start: bool = True,
    partition: int = 0,
    picture_id: int | None = None,
    long_picture_id: bool = True,
    level_zero_index: int | None = None,
    temporal: tuple[int, bool] | None = None,
    key_index: int | None = None,
) -> bytes:
    """A VP8 payload (RFC 7741, 4.2); a body of a key frame has a zero as its first bit."""
    flags = 0
    rest = b""
    if picture_id is not None:
        flags |= 0x80
        rest += pack("!H", 0x8000 | picture_id) if long_picture_id else bytes((picture_id,))
    if level_zero_index is not None:
        flags |= 0x40
        rest += bytes((level_zero_index,))
    if temporal is not None or key_index is not None:
        temporal_id, sync = temporal or (0, False)
        flags |= (temporal is not None) << 5 | (key_index is not None) << 4
        rest += bytes((temporal_id << 6 | sync << 5 | (key_index or 0),))
    first = bool(flags) << 7 | start << 4 | partition
    return bytes((first, flags) if flags else (first,)) + rest + body


def vp8_key_frame(width: int, height: int, filling: bytes = b"pixels") -> bytes:
    """The beginning of a VP8 key frame (RFC 6386, 9.1)."""
    sizes = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return b"\x10\x02\x00\x9d\x01\x2a" + sizes + filling


def vp9(
    body: bytes = b"data",
    *,
    picture_id: int | None = None,
    inter_predicted: bool = True,
    layers: tuple[int, bool, int, bool] | None = None,
    level_zero_index: int | None = None,
    references: tuple[int, ...] = (),
    start: bool = True,
    end: bool = True,
    structure: bytes | None = None,
    not_reference: bool = False,
) -> bytes:
    """A VP9 payload (RFC 9628, 4.2); without a TL0PICIDX it is in flexible mode.

    `layers` is temporal id, switching point, spatial id, inter-layer dependency.
    """
    flexible = level_zero_index is None and (layers is not None or bool(references))
    first = (picture_id is not None) << 7 | inter_predicted << 6 | (layers is not None) << 5
    first |= flexible << 4 | start << 3 | end << 2 | (structure is not None) << 1 | not_reference
    data = bytes((first,))
    if picture_id is not None:
        data += pack("!H", 0x8000 | picture_id) if picture_id > 127 else bytes((picture_id,))
    if layers is not None:
        temporal_id, switching, spatial_id, dependent = layers
        data += bytes((temporal_id << 5 | switching << 4 | spatial_id << 1 | dependent,))
        if level_zero_index is not None:
            data += bytes((level_zero_index,))
    for index, reference in enumerate(references):
        data += bytes((reference << 1 | (index < len(references) - 1),))
    return data + (structure or b"") + body


def h264_aggregate(*units: bytes) -> bytes:
    """A STAP-A (RFC 6184, 5.7.1)."""
    return b"\x78" + b"".join(pack("!H", len(unit)) + unit for unit in units)


def h264_fragments(unit: bytes, size: int) -> list[bytes]:
    """The FU-As of a unit (RFC 6184, 5.8)."""
    indicator = unit[0] & 0xE0 | 28
    kind = unit[0] & 0x1F
    parts = [unit[i : i + size] for i in range(1, len(unit), size)]
    last = len(parts) - 1
    return [
        bytes((indicator, (i == 0) << 7 | (i == last) << 6 | kind)) + part
        for i, part in enumerate(parts)
    ]
