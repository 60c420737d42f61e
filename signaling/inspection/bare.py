"""A recording without what its container said besides: place, device, names, dates, covers.

Runs in the child only.  Packets are copied as they are into a new container of the same kind; what
is no sound and no picture, such as a track of places, is not copied.
"""

from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Stream

# What each is written as; FFmpeg's name for the other end of the same format.
WRITTEN_AS = {"matroska": "webm", "mov": "mp4", "aac": "adts"}
# What the first choice cannot hold: sound and pictures that are only in QuickTime or Matroska.
OTHERWISE = {"mov": "mov", "matroska": "matroska"}
# No dates, and no name of the program that wrote it.
OPTIONS = {"fflags": "+bitexact"}

Opened = Callable[[], InputContainer]
"""Opens the recording anew: to go back in one that is open may miss what is before its begin."""


def copy(opened: Opened, wanted: Sequence[int], form: str, sink: BinaryIO) -> None:
    """Write the packets of the wanted streams to `sink`, which is empty."""
    try:
        _copy(opened, wanted, WRITTEN_AS.get(form, form), sink)
    except (av.FFmpegError, ValueError):
        if form not in OTHERWISE:
            raise
        sink.seek(0)
        sink.truncate()
        _copy(opened, wanted, OTHERWISE[form], sink)


def _copy(opened: Opened, wanted: Sequence[int], form: str, sink: BinaryIO) -> None:
    with (
        opened() as container,
        av.open(sink, "w", format=form, container_options=OPTIONS) as written,
    ):
        streams = [container.streams[index] for index in wanted]
        tracks = {stream.index: _Track(written, stream) for stream in streams}
        for packet in container.demux(streams):
            if packet.size:
                tracks[packet.stream.index].take(packet)


class _Track:
    """One stream on its way into the new container."""

    def __init__(self, written: OutputContainer, stream: Stream) -> None:
        self._written = written
        self._stream = written.add_stream_from_template(stream, opaque=True)
        self._last: int | None = None

    def take(self, packet: "Packet[Any]") -> None:
        """Times that stand still or go back, which cameras write and containers refuse, go on."""
        time = packet.pts if packet.dts is None else packet.dts
        if time is not None:
            if self._last is not None and time <= self._last:
                time = self._last + 1
            self._last = packet.dts = time
            if packet.pts is None or packet.pts < time:
                packet.pts = time
        packet.stream = self._stream
        self._written.mux(packet)
