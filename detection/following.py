"""The faces of one participant from picture to picture: found now and then, followed between.

Finding faces costs three times as much as laying the mesh anew where it lay a moment ago.  So most
pictures of a burst are not searched; others who come in are found with the next that is.
It refuses to know networks and what is made of faces.
"""

from collections.abc import Sequence

from detection.faces import Finder
from detection.media import Face, Picture

# Every third picture is searched: whoever comes in is seen 0.3 s later at the most.
FOLLOWED = 2
# Longer than this after the last picture, anybody may be anywhere.
_MOST_APART_S = 0.25


class Follower:
    """One participant's looks, in the order of time."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._last: Picture | None = None
        self._faces: Sequence[Face] = ()
        self._followed = 0

    def find(self, picture: Picture) -> tuple[Face, ...]:
        """The faces, the largest first; the first may carry a mesh."""
        followed = self._follow(picture)
        if followed is None:
            faces, self._followed = self._finder.find(picture), 0
        else:
            faces, self._followed = (followed, *self._faces[1:]), self._followed + 1
        self._last, self._faces = picture, faces
        return faces

    def _follow(self, picture: Picture) -> Face | None:
        if self._followed >= FOLLOWED or not self._faces or not self._continues(picture):
            return None
        return self._finder.follow(picture, self._faces[0])

    def _continues(self, picture: Picture) -> bool:
        last = self._last
        return (
            last is not None
            and picture.burst == last.burst
            and picture.pixels.shape == last.pixels.shape
            and 0 <= picture.at_s - last.at_s <= _MOST_APART_S
        )
