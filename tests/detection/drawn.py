"""A face that we drew ourselves, well enough for the networks that find faces."""

import numpy as np
from numpy.typing import NDArray

from detection.media import Pixels


def drawn_face(
    width: int = 320, height: int = 240, *, size: float = 120.0, x: float = 0.5, y: float = 0.5
) -> Pixels:
    """A face `size` pixels high with its middle at shares of the picture."""
    across, down = np.meshgrid(np.arange(width), np.arange(height))
    u, v = (across - x * width) / size, (down - y * height) / size
    picture = np.full((height, width, 3), (70, 90, 110), np.float32)
    _paint(picture, (u / 0.46) ** 2 + ((v + 0.05) / 0.62) ** 2 < 1, (50, 35, 25))
    _paint(picture, (u / 0.16) ** 2 + ((v - 0.5) / 0.4) ** 2 < 1, (175, 130, 105))
    face = (u / 0.38) ** 2 + (v / 0.52) ** 2 < 1
    _paint(picture, face, (205, 160, 130))
    picture[face] *= (1.08 - 0.35 * (u / 0.38) ** 2)[face][:, None]
    for side in (-1, 1):
        aside = u - side * 0.16
        _paint(picture, (aside / 0.085) ** 2 + ((v + 0.1) / 0.04) ** 2 < 1, (240, 235, 230))
        _paint(picture, aside**2 + (v + 0.1) ** 2 < 0.036**2, (40, 30, 25))
        _paint(picture, (aside / 0.11) ** 2 + ((v + 0.2) / 0.022) ** 2 < 1, (60, 40, 30))
    bridge = (np.abs(u) < 0.02 + 0.05 * (v + 0.1)) & (v > -0.08) & (v < 0.14)
    _paint(picture, bridge, (180, 130, 105))
    nostrils = ((np.abs(u) - 0.035) / 0.02) ** 2 + ((v - 0.14) / 0.014) ** 2 < 1
    _paint(picture, nostrils, (110, 70, 55))
    _paint(picture, (u / 0.14) ** 2 + ((v - 0.29) / 0.04) ** 2 < 1, (165, 75, 70))
    _paint(picture, (u / 0.12) ** 2 + ((v - 0.29) / 0.006) ** 2 < 1, (90, 40, 40))
    return picture.clip(0, 255).astype(np.uint8)


def _paint(picture: NDArray[np.float32], where: NDArray[np.bool_], colour: tuple[int, ...]) -> None:
    picture[where] = colour
