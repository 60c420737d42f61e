"""Pictures, re-encoded: bounded in size, upright, and without what else the file held.

Runs in the child only.  The header says how large a picture is, and one that is too large is not
decoded at all.
"""

import io
import math
from typing import BinaryIO

from PIL import Image, ImageOps, ImageSequence

from signaling.inspection.report import Report, Unfit

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
PIXELS = 40_000_000
SIDE = 2560
THUMBNAIL_SIDE = 320
# Of a moving picture: so many frames, so large, and so many pixels decoded for them.
FRAMES = 100
MOVING_SIDE = 400
MOVING_PIXELS = 200_000_000
SHORTEST_FRAME_MS = 20
# Of a larger picture no second one of the same size is made: both are more than the child may have.
COPIED_PIXELS = 12_000_000
# Numbers of colours, which cannot be averaged; and what Pillow copies in order to average it.
PALETTES = ("P", "1")
SKIPPED_TO_PIXELS = 4_000_000
COPIED_TO_AVERAGE = (*PALETTES, "RGBA", "LA", "I;16")
QUALITY = 85

# A frame and how many milliseconds it is shown.
Frame = tuple[Image.Image, int]


def square(source: BinaryIO, pixels: int) -> bytes:
    """The middle square of a picture as WebP; raises for anything that is not one."""
    with _opened(source, FORMATS) as opened:
        # JPEG decodes straight to a smaller size; other formats ignore the hint.
        opened.draft("RGB", (pixels * 2, pixels * 2))
        # Shrunk before it is turned or converted: the large picture is never copied.
        fitted = ImageOps.fit(opened, (pixels, pixels))
        fitted.getexif().update(opened.getexif())
    return _webp(ImageOps.exif_transpose(fitted).convert("RGBA"))


def examine(source: BinaryIO, form: str) -> Report:
    """The picture as it is kept, and a small one of it."""
    first, frames = _read(source, form)
    return Report(
        kind="image",
        media_type="image/webp",
        width=first.width,
        height=first.height,
        content=_moving(frames) if frames else _webp(first),
        thumbnail=preview(first, THUMBNAIL_SIDE),
    )


def preview(picture: Image.Image, side: int) -> bytes:
    """A picture of our own making as WebP, with no side longer than this."""
    return _webp(_shrunk(picture, side))


def _read(source: BinaryIO, form: str) -> tuple[Image.Image, list[Frame]]:
    """What is shown, and the frames if it moves; the picture as it came is let go of."""
    with _opened(source, (form,)) as opened:
        frames = _frames(opened)
        return (frames[0][0] if frames else _shrunk(opened, SIDE)), frames


def _opened(source: BinaryIO, forms: tuple[str, ...]) -> Image.Image:
    """A picture of which only the header was read."""
    # Pillow's own limit knows no words; ours is kept before a pixel is decoded, as well.
    Image.MAX_IMAGE_PIXELS = None
    opened = Image.open(source, formats=forms)
    if opened.width * opened.height > PIXELS:
        raise Unfit(f"It has more than {PIXELS // 1_000_000} megapixels.")
    return opened


def _shrunk(picture: Image.Image, side: int) -> Image.Image:
    """An upright copy that is not longer than `side`."""
    # JPEG decodes straight to a smaller size; other formats ignore the hint.
    picture.draft("RGB", (side, side))
    exif = picture.getexif()
    small = _copied(picture, side)
    small.thumbnail((side, side))
    small.getexif().update(exif)
    upright = ImageOps.exif_transpose(small)
    return upright.convert("RGBA" if upright.has_transparency_data else "RGB")


def _copied(picture: Image.Image, side: int) -> Image.Image:
    """A copy that may be changed; of a large picture a smaller one, made in one step."""
    if picture.width * picture.height > COPIED_PIXELS:
        if picture.mode not in COPIED_TO_AVERAGE:
            return picture.reduce(math.ceil(max(picture.size) / side))
        scale = math.sqrt(SKIPPED_TO_PIXELS / (picture.width * picture.height))
        width, height = (max(1, int(length * scale)) for length in picture.size)
        picture = picture.resize((width, height), Image.Resampling.NEAREST)
    if picture.mode in PALETTES:
        return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    if picture.mode.startswith("I"):
        return picture.point(lambda value: value * (1 / 256)).convert("L")
    return picture.copy()


def _frames(opened: Image.Image) -> list[Frame]:
    """(small frame, milliseconds) of a moving picture; empty for one that stands still.

    How many frames it says it has is not asked: for some formats that means reading all of them.
    """
    if opened.format == "JPEG" or not getattr(opened, "is_animated", False):
        return []
    most = min(FRAMES, max(1, MOVING_PIXELS // (opened.width * opened.height)))
    frames: list[Frame] = []
    for frame in ImageSequence.Iterator(opened):
        duration_ms = int(frame.info.get("duration", 0) or 100)
        small = frame.convert("RGBA" if frame.has_transparency_data else "RGB")
        small.thumbnail((MOVING_SIDE, MOVING_SIDE))
        frames.append((small, min(max(duration_ms, SHORTEST_FRAME_MS), 10_000)))
        if len(frames) == most:
            break
    return frames if len(frames) > 1 else []


def _moving(frames: list[Frame]) -> bytes:
    out = io.BytesIO()
    first, *rest = (_bare(frame) for frame, _ in frames)
    durations = [duration_ms for _, duration_ms in frames]
    first.save(
        out, "WEBP", save_all=True, append_images=rest, duration=durations, loop=0, quality=75
    )
    return out.getvalue()


def _webp(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    _bare(picture).save(out, "WEBP", quality=QUALITY)
    return out.getvalue()


def _bare(picture: Image.Image) -> Image.Image:
    """The pixels and nothing that a file said besides."""
    picture.info = {}
    return picture
