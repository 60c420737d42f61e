"""Recordings, opened to prove that they are what they say: length, loudness, a picture of it.

Runs in the child only.  Every packet is read and none is kept; sound is decoded whole, of a
video only the first key frames.  The container is named by us and not guessed, so that a
playlist, which names other files, is never read as one.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any, BinaryIO, NoReturn

import av
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from PIL import Image, ImageStat

from signaling.inspection import bare, images
from signaling.inspection.report import PEAKS, MediaType, Report, Unfit

# 4096 by 2304: more is decoded nowhere in a page.
PIXELS = 9_437_184
PACKETS = 1_000_000
STREAMS = 8
POSTER_SIDE = 1280
THUMBNAIL_SIDE = 320
# The first picture of a recording is often black; one of the first few key frames is not.
POSTER_CANDIDATES = 4
SAMPLE_RATE_HZ = 8000
# Loudness is noted so often, then folded into a few peaks.
NOTED_EACH_S = 0.05
LOUDEST = 32768

OPTIONS = {
    "max_pixels": str(PIXELS),
    "threads": "1",
    "protocol_whitelist": "",
    "enable_drefs": "0",
    "use_absolute_path": "0",
}

# (container, holds a picture): what a browser is told that it is.
MEDIA_TYPES: dict[tuple[str, bool], MediaType] = {
    ("matroska", True): "video/webm",
    ("matroska", False): "audio/webm",
    ("mov", True): "video/mp4",
    ("mov", False): "audio/mp4",
    ("ogg", True): "video/ogg",
    ("ogg", False): "audio/ogg",
    ("mp3", False): "audio/mpeg",
    ("aac", False): "audio/aac",
    ("wav", False): "audio/wav",
    ("flac", False): "audio/flac",
}


def examine(source: BinaryIO, form: str, longest_s: int, sink: BinaryIO) -> Report:
    """A recording of sound, or of pictures with or without sound; as it is kept, in `sink`."""

    def opened() -> InputContainer:
        source.seek(0)
        return av.open(source, "r", format=form, options=OPTIONS, io_open=_refuse)

    with opened() as container:
        if len(container.streams) > STREAMS:
            raise Unfit(f"It has more than {STREAMS} streams.")
        watcher = _Watcher(container, longest_s)
        watcher.watch()
        wanted = [stream.index for stream in watcher.wanted]
    bare.copy(opened, wanted, form, sink)
    media_type = MEDIA_TYPES.get((form, watcher.picture is not None))
    if media_type is None or (watcher.picture is None and watcher.loudness is None):
        raise Unfit("It holds neither sound nor pictures that can be played.")
    return watcher.report(media_type)


def _refuse(*_: object) -> NoReturn:
    """A file that leads to another one leads nowhere."""
    raise Unfit("It refers to other files.")


class _Loudness:
    """Peaks of a sound, one for each 50 ms, while it is decoded."""

    def __init__(self) -> None:
        self.peaks: list[int] = []
        self._resampler = AudioResampler("s16", "mono", SAMPLE_RATE_HZ)
        self._step = int(SAMPLE_RATE_HZ * NOTED_EACH_S)
        self._left = bytearray()

    def hear(self, frame: av.AudioFrame | None) -> None:
        for resampled in self._resampler.resample(frame):
            self._left += bytes(resampled.planes[0])[: resampled.samples * 2]
        whole = len(self._left) // (2 * self._step) * 2 * self._step
        samples = memoryview(bytes(self._left[:whole])).cast("h")
        del self._left[:whole]
        for start in range(0, len(samples), self._step):
            part = samples[start : start + self._step]
            highest, lowest = max(part), min(part)
            self.peaks.append(max(highest, -lowest))

    @property
    def seconds(self) -> float:
        return len(self.peaks) * NOTED_EACH_S + len(self._left) / 2 / SAMPLE_RATE_HZ

    def waveform(self) -> list[int]:
        """A few peaks for the whole, against the loudest of them."""
        count = min(PEAKS, len(self.peaks))
        bounds = [len(self.peaks) * index // count for index in range(count + 1)] if count else []
        folded = [max(self.peaks[start:end]) for start, end in pairwise(bounds)]
        loudest = max([*folded, LOUDEST // 100])
        return [round(100 * peak / loudest) for peak in folded]


class _Watcher:
    """Reads a container from its beginning to its end, within limits."""

    def __init__(self, container: InputContainer, longest_s: int) -> None:
        self._container = container
        self._longest_s = longest_s
        self._end_s = 0.0
        self._pictures: list[Image.Image] = []
        # The picture on a record's sleeve is no video.
        self._video = next((s for s in container.streams.video if not _is_sleeve(s)), None)
        self._audio = next(iter(container.streams.audio), None)
        self.wanted = [stream for stream in (self._video, self._audio) if stream is not None]
        """What is read, and kept; a file may hold more."""
        self.loudness = _Loudness() if self._audio is not None else None
        self.picture: Image.Image | None = None

    def watch(self) -> None:
        for packet in self._packets():
            if self._audio is not None and self.loudness and packet.stream is self._audio:
                for frame in self._audio.decode(packet):
                    self.loudness.hear(frame)
            elif packet.stream is self._video:
                self._look(packet)
        if self.loudness is not None:
            self.loudness.hear(None)
        if self._video is not None:
            if not self._pictures:
                raise Unfit("Its pictures cannot be opened.")
            self.picture = max(self._pictures, key=_contrast)

    def report(self, media_type: MediaType) -> Report:
        picture, loudness = self.picture, self.loudness
        end_s = max(self._end_s, loudness.seconds if loudness else 0.0)
        return Report(
            kind="voice" if picture is None else "video",
            media_type=media_type,
            width=None if self._video is None else self._video.codec_context.width,
            height=None if self._video is None else self._video.codec_context.height,
            duration_ms=round(end_s * 1000),
            waveform=loudness.waveform() if loudness and picture is None else None,
            thumbnail=None if picture is None else images.preview(picture, THUMBNAIL_SIDE),
            poster=None if picture is None else images.preview(picture, POSTER_SIDE),
        )

    def _packets(self) -> "Iterator[Packet[Any]]":
        """Every packet, counted and timed; the last ones tell decoders that it is over."""
        if self._video is not None:
            context = self._video.codec_context
            if context.width * context.height > PIXELS:
                raise Unfit("Its pictures are larger than 4096 by 2304.")
            context.options = {"max_pixels": str(PIXELS)}
            context.thread_count = 1
            context.skip_frame = "NONKEY"
        for count, packet in enumerate(self._container.demux(self.wanted)):
            if count > PACKETS:
                raise Unfit("It has too many packets.")
            self._time(packet)
            yield packet

    def _time(self, packet: "Packet[Any]") -> None:
        if packet.pts is None or packet.time_base is None:
            return
        end = Fraction(packet.pts + (packet.duration or 0)) * packet.time_base
        self._end_s = max(self._end_s, float(end))
        if self._end_s > self._longest_s:
            raise Unfit(f"It is longer than {self._longest_s // 60} minutes.")

    def _look(self, packet: "Packet[Any]") -> None:
        """Decode the first key frames only."""
        if len(self._pictures) == POSTER_CANDIDATES:
            return
        if packet.size and not packet.is_keyframe:
            return
        for frame in packet.decode():
            side = max(frame.width, frame.height)
            scale = min(1.0, POSTER_SIDE / side)
            width, height = (max(1, round(n * scale)) for n in (frame.width, frame.height))
            small = frame.reformat(width=width, height=height, format="rgb24")
            self._pictures.append(small.to_image())  # type: ignore[no-untyped-call]
            if len(self._pictures) == POSTER_CANDIDATES:
                return


def _is_sleeve(stream: Stream) -> bool:
    return bool(stream.disposition & stream.disposition.__class__.attached_pic)


def _contrast(picture: Image.Image) -> float:
    return float(ImageStat.Stat(picture.convert("L")).stddev[0])
