"""What somebody may do in one room: the value that a room token carries."""

from collections.abc import Iterable

import msgspec

# What a person can publish: each is a track of its own.
SOURCES = ("microphone", "camera", "screen", "screen_audio")


class Grants(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Rights of one identity in one room; the default is no right at all."""

    publish: tuple[str, ...] = ()
    """Sources that may be published: of microphone, camera, screen, screen_audio."""
    subscribe: bool = False
    """May see and hear the others."""
    chat: bool = False
    """May read and write messages."""
    moderate: bool = False
    """May mute, remove, lock and invite."""
    record: bool = False
    """May record the call."""
    hidden: bool = False
    """Is not shown to the others."""
    observe_risk: bool = False
    """May see everybody's risk score."""

    def __post_init__(self) -> None:
        unknown = set(self.publish) - set(SOURCES)
        if unknown:
            raise ValueError(f"publish: no such source: {', '.join(sorted(unknown))}")

    def within(self, other: "Grants") -> bool:
        """True if `other` holds every right that this holds: nobody gives more than they have."""
        flags = ("subscribe", "chat", "moderate", "record", "hidden", "observe_risk")
        return set(self.publish) <= set(other.publish) and all(
            getattr(other, flag) or not getattr(self, flag) for flag in flags
        )


GUEST = Grants(publish=SOURCES, subscribe=True, chat=True)
MEMBER = GUEST
MODERATOR = Grants(publish=SOURCES, subscribe=True, chat=True, moderate=True)
OWNER = Grants(publish=SOURCES, subscribe=True, chat=True, moderate=True, record=True)
EVERYTHING = Grants(
    publish=SOURCES,
    subscribe=True,
    chat=True,
    moderate=True,
    record=True,
    hidden=True,
    observe_risk=True,
)

OF_MEMBER = {"owner": OWNER, "moderator": MODERATOR, "member": MEMBER, "guest": GUEST}


def to_json(grants: Grants) -> dict[str, object]:
    """The value as the store and a token keep it."""
    built: dict[str, object] = msgspec.to_builtins(grants)
    return built


def from_json(value: object) -> Grants:
    """The value back; raises msgspec.ValidationError for anything else."""
    return msgspec.convert(value, Grants)


def sources(*, publish: bool, only: Iterable[str] = ()) -> tuple[str, ...]:
    """The sources for a yes-or-no wish: those named, or all."""
    return (tuple(only) or SOURCES) if publish else ()
