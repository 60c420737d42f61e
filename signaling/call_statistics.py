"""How a call's media are, for each person in it: what they send, what they get, and by which path.

Pure: what a media process knows of its sessions in, the same by people and sources out.
"""

from collections.abc import Callable, Iterable

import msgspec

from sfu import WorkerStatistics

SourceName = Callable[[str, str, str], str]


class Sent(msgspec.Struct, frozen=True):
    """One encoding of a source that somebody sends."""

    source: str
    codec: str
    rid: str
    width: int
    height: int
    bitrate_bps: int
    packets: int
    packets_lost: int
    jitter_ms: float
    key_frames: int
    last_packet_age_s: float | None


class Received(msgspec.Struct, frozen=True):
    """One source of somebody else as it goes out to this person; `reason` says why it is so."""

    user: str
    source: str
    reason: str
    encoding: int | None
    spatial_layer: int | None
    temporal_layer: int | None
    bitrate_bps: int
    packets: int
    packets_resent: int
    packets_lost: int
    round_trip_ms: float | None


class Connection(msgspec.Struct, frozen=True):
    """A connection of one device; its estimate is what the server thinks the path takes."""

    media: str
    state: str
    heard_age_s: float
    estimate_bps: int | None
    spent_bps: int
    loss_fraction: float
    round_trip_ms: float | None
    sends: tuple[Sent, ...]
    receives: tuple[Received, ...]


def connections_by_person(
    taken: Iterable[WorkerStatistics], room: str, source_name: SourceName
) -> dict[str, list[Connection]]:
    """Every connection of a room, by whose it is."""
    found: dict[str, list[Connection]] = {}
    for worker in taken:
        mine = {name: one for name, one in worker.transports.items() if one.room == room}
        for media, transport in mine.items():
            one = _connection(worker, room, media, source_name)
            found.setdefault(transport.identity, []).append(one)
    return found


def _connection(
    worker: WorkerStatistics, room: str, media: str, source_name: SourceName
) -> Connection:
    transport = worker.transports[media]
    known = worker.rooms[room]
    viewer = known.viewers.get(media)
    return Connection(
        media=media,
        state=transport.state,
        heard_age_s=round(transport.heard_age_s, 3),
        estimate_bps=None if viewer is None else viewer.estimate_bps,
        spent_bps=0 if viewer is None else viewer.spent_bps,
        loss_fraction=0.0 if viewer is None else viewer.loss_fraction,
        round_trip_ms=None if viewer is None else _milliseconds(viewer.round_trip_s),
        sends=_sent(worker, room, media, source_name),
        receives=_received(worker, room, media, source_name),
    )


def _sent(
    worker: WorkerStatistics, room: str, media: str, source_name: SourceName
) -> tuple[Sent, ...]:
    return tuple(
        Sent(
            source=source_name(media, one.mid, one.kind),
            codec=one.codec,
            rid=one.rid,
            width=one.width,
            height=one.height,
            bitrate_bps=one.bitrate_bps,
            packets=one.packets,
            packets_lost=one.packets_lost,
            jitter_ms=round(one.jitter_s * 1000, 3),
            key_frames=one.key_frames,
            last_packet_age_s=one.last_packet_age_s,
        )
        for one in worker.rooms[room].producers.get(media, ())
    )


def _received(
    worker: WorkerStatistics, room: str, media: str, source_name: SourceName
) -> tuple[Received, ...]:
    found = []
    for one in worker.rooms[room].consumers.get(media, ()):
        publisher, _, mid = one.producer.rpartition("/")
        owner = worker.transports.get(publisher)
        found.append(
            Received(
                user="" if owner is None else owner.identity,
                source=source_name(publisher, mid, one.kind),
                reason=one.state,
                encoding=None if one.layer is None else one.layer.encoding,
                spatial_layer=None if one.layer is None else one.layer.spatial,
                temporal_layer=None if one.layer is None else one.layer.temporal,
                bitrate_bps=one.bitrate_bps,
                packets=one.packets,
                packets_resent=one.packets_resent,
                packets_lost=one.reported_lost,
                round_trip_ms=_milliseconds(one.round_trip_s),
            )
        )
    return tuple(found)


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
