"""How much there is to do: processes, ports, and what detection says of its own work."""

import msgspec

from detection import Load
from signaling import addresses
from signaling.health import Health
from signaling.http.call import Allow, Answer, Call, Route
from signaling.media import Media
from signaling.risk.watching import Watching


class ProcessShown(msgspec.Struct, frozen=True):
    """A child process, and how often it was started again."""

    name: str
    state: str
    restarts: int
    needed: bool


class DetectionLoad(msgspec.Struct, frozen=True):
    """What the detection process said last; counts and CPU are since it began.

    `looked` are pictures, `checks` conclusions by the state that followed, `spent_s` the CPU of
    the thread that looks, by stage.
    """

    participants: int
    waiting_frames: int
    looked: int
    oldest_look_s: float
    busy_share: float
    dropped: dict[str, int]
    checks: dict[str, int]
    spent_s: dict[str, float]


class LoadShown(msgspec.Struct, frozen=True):
    """`detection` is null while nobody looks; `media` are addresses, each with its port."""

    processes: list[ProcessShown]
    media: list[str]
    detection: DetectionLoad | None


class LoadRoutes:
    """Thin over Health, Media and Watching."""

    def __init__(self, health: Health, media: Media, watching: Watching) -> None:
        self._health = health
        self._media = media
        self._watching = watching

    def routes(self) -> tuple[Route, ...]:
        return (
            Route(
                "GET",
                addresses.API_LOAD,
                self.show,
                "Processes, ports, and how fast detection is",
                Allow.OPERATOR,
                answer=LoadShown,
            ),
        )

    async def show(self, call: Call) -> Answer:
        processes = [
            ProcessShown(one.name, one.state, one.restarts, one.needed)
            for one in self._health.children()
        ]
        detection = self._watching.detection
        load = None if detection is None or detection.load is None else _shown(detection.load)
        return Answer(LoadShown(processes, list(self._media.addresses()), load))


def _shown(load: Load) -> DetectionLoad:
    return DetectionLoad(**{name: getattr(load, name) for name in DetectionLoad.__struct_fields__})
