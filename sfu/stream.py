"""What goes out of one track: which packets, under which numbers and headers.

Knows how a publisher's packet becomes a viewer's, for viewers who get everything alike
(`SharedStream`) and for one who gets some layers (`ChosenStream`).  It refuses to know who the
viewers are, why a layer was chosen (`allocation`), and encryption.
"""

import msgspec

from sfu.codecs.vp8 import Vp8
from sfu.encoding import Arrival, Encoding
from sfu.history import Sent
from sfu.layers import Decision, Layer, LayerSelector
from sfu.rewriter import PictureRewriter, SourceMoment, StreamRewriter, elapsed_ticks
from sfu.rtp import NO_ELEMENTS, Elements, HeaderWriter, RtpPacket, forwarded_elements
from sfu.subscription import Form

_ONE_BYTE_PROFILE = NO_ELEMENTS.profile


# Read once: in CPython 3.11 a member of an Enum takes 40 ns to look up.
_FORWARD, _SKIP, _SWITCH = Decision.FORWARD, Decision.SKIP, Decision.SWITCH
_SWITCH_AS_LAST = Decision.SWITCH_AS_LAST


class Numbers(msgspec.Struct, frozen=True):
    """The random beginnings of an outgoing stream (RFC 3550, 5.1)."""

    ssrc: int
    sequence: int
    timestamp: int


class Prepared(msgspec.Struct, frozen=True, gc=False):
    """A packet as it goes out: the whole, and its parts for whoever asks again."""

    data: bytes
    sent: Sent


class _Outgoing:
    """What both kinds have: a source, its numbers, and a form."""

    __slots__ = ("_numbers", "_rewriter", "_writers", "form")

    def __init__(self, form: Form, numbers: Numbers, rewriter: StreamRewriter | None) -> None:
        self.form = form
        self._numbers = numbers
        self._rewriter = rewriter or StreamRewriter(numbers.sequence, numbers.timestamp)
        self._writers = _Writers(form, numbers.ssrc)

    @property
    def ssrc(self) -> int:
        return self._numbers.ssrc

    @property
    def timestamp_offset(self) -> int:
        return self._rewriter.timestamp_offset

    @property
    def timestamp(self) -> int:
        return self._rewriter.timestamp

    def packet(self, sent: Sent) -> bytes:
        """The same bytes for the same numbers, always: AES-GCM allows nothing else."""
        return self._writers.packet(sent)


class SharedStream(_Outgoing):
    """Everything of a track with one encoding, for all viewers who see and number alike.

    Each viewer has a key of its own, so one packet may stand under one number for all of them.
    Measured with 40 viewers: 1.1 us a copy if each has its own numbers, 0.4 us if they share.
    """

    __slots__ = ("_last_s", "_source")

    def __init__(self, form: Form, numbers: Numbers) -> None:
        super().__init__(form, numbers, None)
        self._source = -1
        self._last_s = 0.0

    def prepare(self, arrival: Arrival, now: float) -> Prepared | None:
        """The packet under our numbers; None if it comes too late to have one."""
        packet = arrival.packet
        if packet.ssrc != self._source:
            self._begin(arrival, now)
        if not packet.payload:
            return _filling(self, self._rewriter, arrival.extended)
        mapped = self._rewriter.map(arrival.extended, packet.timestamp)
        if mapped is None:
            return None
        self._last_s = now
        writers = self._writers
        elements = writers.elements(packet) if writers.identifiers else NO_ELEMENTS
        sent = Sent(*mapped, packet.marker, b"", writers.payload(arrival), elements)
        return Prepared(writers.packet(sent, packet.payload_type), sent)

    def part(self) -> "ChosenStream":
        """From here on for one viewer alone, under the same source and numbers."""
        return ChosenStream(self.form, self._numbers, self._rewriter.copy(), self._last_s)

    def _begin(self, arrival: Arrival, now: float) -> None:
        ticks = 0
        if self._source >= 0:
            ticks = max(1, round((now - self._last_s) * self.form.clock_rate_hz))
        self._rewriter.switch(arrival.extended, arrival.packet.timestamp, ticks)
        self._source = arrival.packet.ssrc


class ChosenStream(_Outgoing):
    """What one viewer gets of a track: the layers that its selector aims at, or nothing."""

    __slots__ = (
        "_decide",
        "_encoding",
        "_last_s",
        "_map",
        "_map_picture",
        "_pictures",
        "_source",
        "first_sequence",
        "selector",
    )

    def __init__(
        self,
        form: Form,
        numbers: Numbers,
        rewriter: StreamRewriter | None = None,
        last_s: float | None = None,
    ) -> None:
        super().__init__(form, numbers, rewriter)
        self.selector = LayerSelector()
        self.first_sequence: int | None = None
        """Of the source that is sent now: nothing before it helps a decoder any more."""
        self._pictures = PictureRewriter()
        # Looked up once for all packets.
        self._decide, self._map = self.selector.decide, self._rewriter.map
        self._map_picture = self._pictures.map
        self._encoding: Encoding | None = None
        self._source = -1
        # None before the first packet.
        self._last_s = last_s

    def prepare(self, arrival: Arrival, now: float) -> Prepared | None:
        """The packet under our numbers; None if the viewer does not get it.

        Measured: 1.2 us for a packet that goes on, 0.3 us for one that does not.
        """
        packet, description = arrival.packet, arrival.description
        if not packet.payload:
            return self._skip_empty(arrival)
        decision = self._decide(arrival.encoding.index, description)
        if decision is _SKIP:
            return self._skip(arrival)
        if decision is _SWITCH or decision is _SWITCH_AS_LAST or packet.ssrc != self._source:
            self._switch(arrival, now)
            mapped = self._map(arrival.extended, packet.timestamp)
            self.first_sequence = None if mapped is None else mapped[0]
        else:
            mapped = self._map(arrival.extended, packet.timestamp)
        if mapped is None:
            return None
        self._last_s = now
        writers = self._writers
        elements = NO_ELEMENTS
        if writers.identifiers:
            elements = writers.elements(packet)
        marker = packet.marker or not (decision is _FORWARD or decision is _SWITCH)
        if type(description) is Vp8:
            sent = Sent(*mapped, marker, self._map_picture(description), description.body, elements)
        else:
            sent = Sent(*mapped, marker, b"", writers.payload(arrival), elements)
        return Prepared(writers.packet(sent, packet.payload_type), sent)

    def go_on(self, layer: Layer, encoding: Encoding) -> None:
        """Take over in the middle of what was sent so far: this layer, without a key frame."""
        self.selector.resume(layer)
        self._encoding = encoding
        self._source = encoding.ssrc

    def _switch(self, arrival: Arrival, now: float) -> None:
        packet = arrival.packet
        ticks = 0
        if self._last_s is not None:
            clock = self._encoding.clock if self._encoding else None
            source_timestamp = self._rewriter.timestamp - self._rewriter.timestamp_offset
            last = SourceMoment(source_timestamp & 0xFFFF_FFFF, self._last_s, clock)
            first = SourceMoment(packet.timestamp, now, arrival.encoding.clock)
            ticks = elapsed_ticks(last, first, self.form.clock_rate_hz)
        self._rewriter.switch(arrival.extended, packet.timestamp, ticks)
        if isinstance(arrival.description, Vp8):
            self._pictures.switch(arrival.description)
        self._encoding = arrival.encoding
        self._source = packet.ssrc

    def _skip(self, arrival: Arrival) -> Prepared | None:
        if arrival.encoding is not self._encoding:
            return None
        if type(arrival.description) is Vp8:
            self._pictures.skip(arrival.description)
        return _filling(self, self._rewriter, arrival.extended)

    def _skip_empty(self, arrival: Arrival) -> Prepared | None:
        if arrival.encoding is not self._encoding:
            return None
        return _filling(self, self._rewriter, arrival.extended)


class _Writers:
    """Headers and payloads in a viewer's form."""

    __slots__ = ("_plain", "_redundancy", "_redundant", "_write", "identifiers")

    def __init__(self, form: Form, ssrc: int) -> None:
        self.identifiers = form.identifiers
        self._write = HeaderWriter(form.payload_type, ssrc, form.sequence_id).write
        # A long element needs the other form of extensions, which has no room for a number.
        self._plain = HeaderWriter(form.payload_type, ssrc).write
        self._redundancy = form.redundancy
        self._redundant = HeaderWriter(form.redundancy or 0, ssrc, form.sequence_id).write

    def elements(self, packet: RtpPacket) -> Elements:
        """The header extensions that the viewer gets."""
        return forwarded_elements(packet.extensions, self.identifiers)

    def payload(self, arrival: Arrival) -> bytes:
        packet = arrival.packet
        redundant = packet.payload_type == self._redundancy
        return packet.payload if redundant else arrival.primary

    def packet(self, sent: Sent, source_type: int | None = None) -> bytes:
        """`source_type`: the publisher's payload type; what is sent again needs none."""
        elements = sent.elements
        write = self._write
        if elements is not NO_ELEMENTS and elements.profile != _ONE_BYTE_PROFILE:
            write = self._plain
        elif source_type is not None and source_type == self._redundancy:
            write = self._redundant
        header = write(sent.marker, sent.sequence_number, sent.timestamp, 0, elements)
        prefix = sent.prefix
        return header + prefix + sent.body if prefix else header + sent.body


def _filling(
    stream: SharedStream | ChosenStream, rewriter: StreamRewriter, extended: int
) -> Prepared | None:
    """An empty packet in place of one that is left out, if its number was kept free for it."""
    sequence_number = rewriter.skip(extended)
    if sequence_number is None:
        return None
    sent = Sent(sequence_number, rewriter.timestamp, False, b"", b"")
    return Prepared(stream.packet(sent), sent)
