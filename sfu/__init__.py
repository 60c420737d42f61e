"""Media: forwards encrypted streams between the people of a room.  `Sfu` is the only way in."""

from sfu.config import SfuConfig, WorkerSpec
from sfu.control import (
    EncodingsWanted,
    OfferedSource,
    PictureSize,
    PublisherCame,
    PublisherLeft,
    Ready,
    SessionChanged,
    SpeakerChanged,
    TrackChanged,
    WorkerStatistics,
)
from sfu.description import BadSdp, CodecNotSupported
from sfu.engine import (
    Full,
    MediaAddress,
    NoSuchSession,
    NothingToWatch,
    NoWorker,
    Offer,
    Session,
    SessionExists,
    SessionLost,
    Sfu,
    SfuError,
    SfuEvent,
)
from sfu.fragment import Fragment, parse_fragment
from sfu.subscriber import TrackWish, ViewerWishes

__all__ = [
    "BadSdp",
    "CodecNotSupported",
    "EncodingsWanted",
    "Fragment",
    "Full",
    "MediaAddress",
    "NoSuchSession",
    "NoWorker",
    "NothingToWatch",
    "Offer",
    "OfferedSource",
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
    "SpeakerChanged",
    "TrackChanged",
    "TrackWish",
    "ViewerWishes",
    "WorkerSpec",
    "WorkerStatistics",
    "parse_fragment",
]
