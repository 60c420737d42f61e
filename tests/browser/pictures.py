"""The README's pictures, out of the screens that the browser's tests keep
if CANDOR_KEEP_SCREENS is set.

python -m tests.browser.pictures
"""

from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
SCREENS = ROOT / "build" / "screens"
IMAGES = ROOT / "docs" / "images"
# The name in docs/images, and the screen; long pages are cut where one stops reading.
PICTURES = {
    "call": "call-desk-light",
    "chat": "chat-desk-light",
    "console": "console-wall-desk-light",
}
TALLEST = 1000
MOST_BYTES = 200_000


def main() -> None:
    for name, screen in PICTURES.items():
        image = Image.open(SCREENS / f"{screen}.png").convert("RGB")
        image = image.crop((0, 0, image.width, min(TALLEST, image.height)))
        path = IMAGES / f"{name}.png"
        image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise SystemExit(f"{path}: {size} bytes are more than {MOST_BYTES}.")
        print(f"{path.relative_to(ROOT)}: {image.width} x {image.height}, {size} bytes")


if __name__ == "__main__":
    main()
