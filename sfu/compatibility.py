"""Which formats pass through us, and whether a viewer can decode what is published.

Knows the parameters of codecs that decide it.  It refuses to know the other lines of a section.
"""

from collections.abc import Sequence

from sfu.codecs import Codec
from sfu.description import REDUNDANCY, Format, MediaKind, Section

_CODECS = {codec.lower(): codec for codec in Codec}
# H.264 profiles, by their first byte (RFC 6184, 8.1): what decodes a higher one decodes these.
_H264_BASELINE, _H264_MAIN, _H264_HIGH = "42", "4d", "64"
_H264_DECODES = {
    _H264_BASELINE: {_H264_BASELINE},
    _H264_MAIN: {_H264_BASELINE, _H264_MAIN},
    _H264_HIGH: {_H264_BASELINE, _H264_MAIN, _H264_HIGH},
}


def codec_of(one: Format, kind: str) -> Codec | None:
    """The codec if it passes through; profiles with more than 8 bits a sample do not."""
    codec = _CODECS.get(one.name.lower())
    if codec is None or (codec is Codec.OPUS) is (kind == MediaKind.VIDEO):
        return None
    if codec is Codec.VP9 and (one.parameter("profile-id") or "0") != "0":
        return None
    if codec is Codec.AV1 and (one.parameter("profile") or "0") != "0":
        return None
    return codec


def can_decode(viewer: Format, published: Format) -> bool:
    """Whether a viewer's format takes what a publisher's format makes."""
    if viewer.name.lower() != published.name.lower():
        return False
    if viewer.name.lower() != Codec.H264.lower():
        return viewer.clock_rate_hz == published.clock_rate_hz
    modes = [one.parameter("packetization-mode") or "0" for one in (viewer, published)]
    profiles = [(one.parameter("profile-level-id") or "42e01f")[:2] for one in (viewer, published)]
    # RFC 6184, 5.4: what may come in mode 0 may come in the others too.
    return modes[1] in {"0", modes[0]} and profiles[1] in _H264_DECODES.get(
        profiles[0], {profiles[0]}
    )


def preferred(section: Section) -> Format | None:
    """The first format that passes through; H.264 rather with fragments than without."""
    passing = [one for one in section.formats if codec_of(one, section.kind)]
    for one in passing:
        if one.name.lower() != Codec.H264.lower() or one.parameter("packetization-mode") == "1":
            return one
    return passing[0] if passing else None


def redundant_form(formats: Sequence[Format], chosen: Format) -> int | None:
    """The payload type of RFC 2198 among these whose blocks are all of the chosen format."""
    number = str(chosen.payload_type)
    for one in formats:
        if one.name.lower() == REDUNDANCY and set(one.parameters.split("/")) == {number}:
            return one.payload_type
    return None
