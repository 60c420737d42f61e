"""Recordings made on the spot."""

import array
import io
import math

import av
from PIL import Image


def video(
    form: str, codec: str, size: tuple[int, int] = (320, 180), *, frames: int = 6, rate: int = 10
) -> bytes:
    """The first frame is black, as with many cameras; the others are not."""
    out = io.BytesIO()
    with av.open(out, "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.gop_size = 1
        stream.options = {"preset": "ultrafast"} if codec == "libx264" else {}
        for number in range(frames):
            picture = Image.new("RGB", size, "black")
            if number:
                picture.paste("orange", (0, 0, size[0] // 2, size[1]))
            frame = av.VideoFrame.from_image(picture)
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return out.getvalue()


def sound(form: str, codec: str, seconds: float, *, rate: int = 48000) -> bytes:
    """A tone that gets louder."""
    out, total = io.BytesIO(), int(seconds * rate)
    with av.open(out, "w", format=form) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.layout = "mono"
        samples = array.array(
            "h", (int(20_000 * n / total * math.sin(n / 15)) for n in range(total))
        )
        size = rate // 50
        for start in range(0, total - size + 1, size):
            frame = av.AudioFrame("s16", "mono", size)
            frame.planes[0].update(samples[start : start + size].tobytes())
            frame.sample_rate, frame.pts = rate, start
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return out.getvalue()


def webm_of(frame: bytes, size: tuple[int, int]) -> bytes:
    """A recording of one frame of VP8, whatever is in it."""
    out = io.BytesIO()
    with av.open(out, "w", format="webm") as container:
        stream = container.add_mux_stream("vp8", rate=10, width=size[0], height=size[1])
        packet = av.Packet(frame)
        packet.stream, packet.pts, packet.dts = stream, 0, 0
        packet.is_keyframe = True
        container.mux(packet)
    return out.getvalue()


TOLD = {
    "title": "Secret title",
    "artist": "Secret artist",
    "make": "Secret phone",
    "com.apple.quicktime.location.ISO6709": "+48.8577+002.2950/",
    "location": "+48.8577+002.2950/",
    "creation_time": "2024-01-02T03:04:05Z",
}


def talkative(content: bytes, form: str) -> bytes:
    """The same recording in a container that tells who made it, where, and with what."""
    out = io.BytesIO()
    options = {"movflags": "use_metadata_tags"}
    with av.open(io.BytesIO(content)) as read, av.open(out, "w", form, options) as written:
        written.metadata.update(TOLD)
        stream = written.add_stream_from_template(read.streams[0], opaque=True)
        stream.metadata["handler_name"] = "Secret handler"
        for packet in read.demux(read.streams[0]):
            if packet.size:
                packet.stream = stream
                written.mux(packet)
    return out.getvalue()
