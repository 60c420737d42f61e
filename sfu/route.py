"""One producer, what goes out of it, and to whom.

Knows which viewers share a stream.  It refuses to know what a viewer could get (`subscriber`) and
where packets come from; an outlet is whatever the caller hands in.
"""

from collections.abc import Sequence
from typing import Generic, TypeVar

import msgspec

from sfu.consumer import Consumer
from sfu.encoding import Arrival, Encoding
from sfu.layers import Layer
from sfu.producer import Producer
from sfu.stream import ChosenStream, Numbers, SharedStream
from sfu.subscription import Form
from sfu.tapping import TapSink

Outlet = TypeVar("Outlet")


class Names(msgspec.Struct, frozen=True):
    """The sources under which a viewer hears a track: the media, and what is sent again."""

    media: Numbers
    again: Numbers


class Group(Generic[Outlet]):
    """Viewers to whom the same packets go under the same numbers; a chosen stream has one."""

    __slots__ = ("members", "stream")

    def __init__(self, stream: SharedStream | ChosenStream) -> None:
        self.stream = stream
        self.members: list[tuple[Consumer, Outlet]] = []


class Route(Generic[Outlet]):
    """A producer, what goes out of it, and to whom; `sinks` listen to it, if anybody may."""

    def __init__(
        self, session: str, producer: Producer, names: Names, sinks: Sequence[TapSink]
    ) -> None:
        self.session = session
        self.producer = producer
        self.names = names
        self.sinks = tuple(sinks)
        self._sizes = [(0, 0) for _ in producer.encodings]
        self.groups: list[Group[Outlet]] = []

    def stream_for(self, form: Form, names: Names) -> SharedStream | ChosenStream:
        """One that goes out already and suits the viewer, or a new one."""
        if len(self.producer.encodings) > 1:
            return ChosenStream(form, names.media)
        for group in self.groups:
            stream = group.stream
            shared = isinstance(stream, SharedStream) and stream.ssrc == names.media.ssrc
            if shared and stream.form == form:
                return stream
        return SharedStream(form, names.media)

    def add(self, consumer: Consumer, outlet: Outlet) -> None:
        group = next((one for one in self.groups if one.stream is consumer.stream), None)
        if group is None:
            group = Group(consumer.stream)
            self.groups.append(group)
        group.members.append((consumer, outlet))

    def remove(self, consumer: Consumer) -> None:
        for group in self.groups:
            group.members = [member for member in group.members if member[0] is not consumer]
        self.groups = [group for group in self.groups if group.members]

    def aim(self, consumer: Consumer, layer: Layer | None, outlet: Outlet) -> None:
        """A viewer gets another layer from now on, or nothing."""
        before, current = consumer.stream, consumer.layer
        encoding = self.producer.encodings[current.encoding if current else 0]
        if consumer.aim(layer, encoding) is not before:
            self.remove(consumer)
            self.add(consumer, outlet)

    def resized(self) -> list[Encoding]:
        """Encodings whose pictures have another size than at the last call."""
        sizes = [(one.width, one.height) for one in self.producer.encodings]
        changed = [
            encoding
            for encoding, size, before in zip(
                self.producer.encodings, sizes, self._sizes, strict=True
            )
            if size != before
        ]
        self._sizes = sizes
        return changed

    def tap(self, arrival: Arrival, now: float) -> None:
        """Let those who listen have the packet, if it is of the encoding that they listen to."""
        for sink in self.sinks:
            if sink.wanted and arrival.encoding.index == sink.encoding:
                packet = arrival.packet
                sink.receive(arrival.extended, packet, arrival.description, now, arrival.primary)

    def survey_tap(self, now: float) -> None:
        """Choose what is listened to, and ask for the key frame that it begins with."""
        if not self.sinks:
            return
        encodings = self.producer.encodings
        heights = [one.height if one.is_alive(now) else None for one in encodings]
        for sink in self.sinks:
            sink.choose(heights, now)
            if sink.poll(now):
                self.producer.want_key_frame(sink.encoding)

    def listen(self, sinks: Sequence[TapSink]) -> None:
        """Let these listen from now on, and nobody else."""
        for sink in self.sinks:
            sink.close()
        self.sinks = tuple(sinks)

    def sources(self) -> list[tuple[Outlet, int]]:
        """Every source that viewers hear of this producer."""
        return [
            (outlet, ssrc)
            for group in self.groups
            for consumer, outlet in group.members
            for ssrc in sources_of(consumer)
        ]


def sources_of(consumer: Consumer) -> list[int]:
    """What a viewer hears of a track: the media, and what is sent again."""
    resent = consumer.retransmission_ssrc
    return [consumer.ssrc] if resent is None else [consumer.ssrc, resent]
