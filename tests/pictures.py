"""Pictures made on the spot."""

import io

from PIL import Image


def png(width: int, height: int) -> bytes:
    """A plain picture of the size."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "PNG")
    return out.getvalue()
