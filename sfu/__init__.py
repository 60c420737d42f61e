"""Media: forwards encrypted streams between the people of a room.  `Sfu` is the only way in."""

from sfu.config import SfuConfig, WorkerSpec
from sfu.control import (
    PictureSize,
    PublisherCame,
    PublisherLeft,
    Ready,
    SessionChanged,
    WorkerStatistics,
)
from sfu.engine import (
    Full,
    MediaAddress,
    NothingToWatch,
    NoWorker,
    Session,
    SessionExists,
    SessionLost,
    Sfu,
    SfuError,
    SfuEvent,
)
from sfu.negotiation import BadSdp, CodecNotSupported

__all__ = [
    "BadSdp",
    "CodecNotSupported",
    "Full",
    "MediaAddress",
    "NoWorker",
    "NothingToWatch",
    "PictureSize",
    "PublisherCame",
    "PublisherLeft",
    "Ready",
    "Session",
    "SessionChanged",
    "SessionExists",
    "SessionLost",
    "Sfu",
    "SfuConfig",
    "SfuError",
    "SfuEvent",
    "WorkerSpec",
    "WorkerStatistics",
]
