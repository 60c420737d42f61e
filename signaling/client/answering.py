"""A caller that answers light challenges: by its own camera, by a recording, or not at all.

Knows the steps that a page goes through and a film that the screen's light falls on.  It refuses to
know how the answer is judged.
"""

import asyncio
from fractions import Fraction
from typing import Literal

import numpy as np
from aiortc import MediaStreamTrack
from av import VideoFrame

from signaling import protocol
from signaling.client.caller import Caller
from signaling.client.clips import Clip
from signaling.client.lighting import Light, Room, Screen, Sitter
from signaling.client.sending import VIDEO_CLOCK_HZ, wait_until

# What is done when a challenge is offered: take it with a face that the screen lights, with a
# recording that was lit by other colours, with a face that nothing lights; or refuse it.
Answer = Literal["honest", "other", "unlit", "refuse"]


class LitFace(MediaStreamTrack):
    """A camera before which somebody sits, with a screen that may show colours."""

    kind = "video"

    def __init__(self, clip: Clip, where: Room, random: np.random.Generator) -> None:
        super().__init__()
        self._sitter = Sitter(clip, "honest", where, random)
        self._frames_per_s = where.frames_per_s
        self._screen = Screen(np.empty((0, 3)), 1.0)
        self._count = 0
        self._began_s = self._shown_s = asyncio.get_running_loop().time()

    def show(self, colours: Light, colour_s: float, begins_in_s: float) -> None:
        """The screen shows these, in linear light, from then on."""
        self._screen = Screen(colours, colour_s)
        self._shown_s = asyncio.get_running_loop().time() + begins_in_s

    async def recv(self) -> VideoFrame:
        due_s = self._began_s + self._count / self._frames_per_s
        await wait_until(self, due_s)
        picture = self._sitter.picture(due_s - self._shown_s, self._screen)
        frame = VideoFrame.from_ndarray(picture, format="rgb24")
        frame.pts = round(self._count * VIDEO_CLOCK_HZ / self._frames_per_s)
        frame.time_base = Fraction(1, VIDEO_CLOCK_HZ)
        self._count += 1
        return frame


class Answering:
    """Answers every challenge of one caller as `answer` says; `ended` tells what came of them."""

    def __init__(self, caller: Caller, answer: Answer) -> None:
        self._caller = caller
        self._face: LitFace | None = None
        self.answer = answer
        self.ended: asyncio.Queue[protocol.ChallengeEnded] = asyncio.Queue()
        caller.on_challenge = self._hear

    def sit(self, clip: Clip, where: Room, random: np.random.Generator) -> LitFace:
        """Somebody before the camera, whom the screen lights from now on."""
        self._face = LitFace(clip, where, random)
        return self._face

    async def _hear(self, told: protocol.ChallengeOffered | protocol.ChallengeEnded) -> None:
        if isinstance(told, protocol.ChallengeEnded):
            self.ended.put_nowait(told)
        elif self.answer == "refuse":
            await self._caller.refuse_challenge(told.challenge)
        else:
            begun = await self._caller.take_challenge(told.challenge)
            if isinstance(begun.show, protocol.LightShown) and self._face is not None:
                self._light(self._face, begun.show, begun.begins_in_s)

    def _light(self, face: LitFace, shown: protocol.LightShown, begins_in_s: float) -> None:
        if self.answer == "unlit":
            return
        colours = np.array(shown.colours, dtype=float)
        lit = colours if self.answer == "honest" else colours[::-1]
        face.show(linear(lit), shown.colour_s, begins_in_s)


def linear(srgb: Light) -> Light:
    """Light of the screen, 0 to 1, for values of 0 to 255, as most screens make it."""
    return np.asarray((srgb / 255.0) ** 2.2)
