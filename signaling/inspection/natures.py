"""What a file is, by its first bytes and never by its name: pure.

Only what is listed here is ever given to a decoder, and each to the one that is named: nothing is
guessed by trying.  Everything else (HTML, SVG, playlists, archives, programs, documents) is just
bytes that may be taken away as they came.
"""

from dataclasses import dataclass

# More than any signature below needs.
HEAD_BYTES = 64


@dataclass(frozen=True, slots=True)
class Nature:
    """Which task of the child opens it, if any, and as which format."""

    task: str
    format: str

    @property
    def is_opened(self) -> bool:
        return self.task != UNOPENED.task


UNOPENED = Nature("nothing", "")

# (offset, bytes there, what it is then); the names of formats are Pillow's and FFmpeg's own.
SIGNATURES = (
    (0, b"\x89PNG\r\n\x1a\n", Nature("image", "PNG")),
    (0, b"\xff\xd8\xff", Nature("image", "JPEG")),
    (0, b"GIF87a", Nature("image", "GIF")),
    (0, b"GIF89a", Nature("image", "GIF")),
    (0, b"\x1a\x45\xdf\xa3", Nature("media", "matroska")),
    (0, b"OggS", Nature("media", "ogg")),
    (0, b"fLaC", Nature("media", "flac")),
    (0, b"ID3", Nature("media", "mp3")),
    (0, b"\xff\xfb", Nature("media", "mp3")),
    (0, b"\xff\xf3", Nature("media", "mp3")),
    (0, b"\xff\xf2", Nature("media", "mp3")),
    (0, b"\xff\xf1", Nature("media", "aac")),
    (0, b"\xff\xf9", Nature("media", "aac")),
)
# Inside a RIFF and behind `ftyp`, four letters tell.
OF_RIFF = {b"WEBP": Nature("image", "WEBP"), b"WAVE": Nature("media", "wav")}
# Pictures in the same boxes as MP4, for which there is no decoder here.
STILL_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"mif1", b"msf1")


def nature_of(head: bytes) -> Nature:
    """What a file with this beginning is."""
    for offset, signature, nature in SIGNATURES:
        if head.startswith(signature, offset):
            return nature
    if head.startswith(b"RIFF"):
        return OF_RIFF.get(head[8:12], UNOPENED)
    if head[4:8] == b"ftyp" and head[8:12] not in STILL_BRANDS:
        return Nature("media", "mov")
    return UNOPENED
