"""What pages and the server tell of a participant beside the media."""

import msgspec


class Template(msgspec.Struct, frozen=True):
    """What a face or a voice is like, in numbers that mean something to these `models` only."""

    kind: str
    """As the signal that compares is called: `face`, `voice`."""
    models: tuple[str, ...]
    numbers: bytes
    """Of 32 bits each, little-endian."""


class Enrolled(msgspec.Struct, frozen=True, tag=True):
    """What is remembered of the participant's account, and what is to be learned of it.

    Each one takes the place of the one before: an empty one lets go of everything.
    """

    at_s: float
    templates: tuple[Template, ...] = ()
    learns: tuple[str, ...] = ()


class CameraSaid(msgspec.Struct, frozen=True, tag=True):
    """What the participant's page tells of its camera.  Advice: whoever cheats can say anything."""

    at_s: float
    label: str = ""
    width: int = 0
    height: int = 0
    frames_per_s: float = 0.0
    capabilities: tuple[str, ...] = ()
    """Names of what the camera says that it can do, as `getCapabilities` lists them."""


class Asked(msgspec.Struct, frozen=True, tag=True):
    """A challenge was put to the participant; `plan` is JSON that its kind's module understands."""

    at_s: float
    challenge: str
    kind: str
    begins_s: float
    ends_s: float
    """On the machine's monotonic clock; answers come later by the way to the page and back."""
    plan: str
    round_trip_s: float = 0.0


class Withdrawn(msgspec.Struct, frozen=True, tag=True):
    """A challenge was refused or called off: what was seen of it says nothing."""

    at_s: float
    challenge: str


Note = CameraSaid | Asked | Withdrawn | Enrolled
