"""GStreamer's `webrtcbin` publishes or plays by WHIP and WHEP.

usage: /usr/bin/python3 gstreamer_peer.py publish|play ADDRESS TOKEN CODEC

Runs under the system's interpreter, whose packages bring GStreamer.  A player writes a line of
JSON for each picture that it decoded ({"left": 12, ...}) and each piece of sound ({"loudness":
900}); a publisher writes {"state": "connected"} and stays until it is ended.  Nothing here comes
from our media code, and nothing but the standard library and GStreamer is imported.
"""

import array
import json
import sys
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

# Nobody looks for longer; a peer whose test died must not stay.
LONGEST_S = 60
WIDTH, HEIGHT = 320, 240

VIDEO = "application/x-rtp,media=video,encoding-name={name},payload={number},clock-rate=90000"
AUDIO = (
    "application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000,"
    "encoding-params=(string)2"
)
FORMATS = {
    "VP8": VIDEO.format(name="VP8", number=96),
    "H264": VIDEO.format(name="H264", number=102),
}
# What a player says of itself; a publisher's encoder says so itself.
PARAMETERS = {
    "VP8": "",
    "H264": ",packetization-mode=(string)1,profile-level-id=(string)42e01f",
}
ENCODERS = {
    "VP8": "vp8enc deadline=1 keyframe-max-dist=30 target-bitrate=500000 ! rtpvp8pay pt=96",
    "H264": (
        "openh264enc complexity=low gop-size=30 bitrate=500000"
        " ! video/x-h264,profile=constrained-baseline"
        " ! rtph264pay pt=102 config-interval=-1 aggregate-mode=zero-latency"
    ),
}
# The ball moves; the tone is of 440 Hz.
PUBLISHER = (
    "webrtcbin name=peer bundle-policy=max-bundle"
    " videotestsrc is-live=true pattern=ball"
    " ! video/x-raw,format=I420,width={width},height={height},framerate=30/1"
    " ! {encoder} ! {format} ! queue ! peer."
    " audiotestsrc is-live=true freq=440 volume=0.5 ! audio/x-raw,rate=48000,channels=2"
    " ! opusenc ! rtpopuspay pt=111 ! {audio} ! queue ! peer."
)
SINKS = {
    "video": "videoconvert ! video/x-raw,format=GRAY8 ! appsink name=sink sync=false",
    "audio": "audioconvert ! audio/x-raw,format=S16LE ! appsink name=sink sync=false",
}


def say(**words: object) -> None:
    # In one piece: pictures and sound come on threads of their own.
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


class Peer:
    """One `webrtcbin` in its pipeline, offered to a server as soon as it wants to negotiate."""

    def __init__(self, pipeline: Gst.Pipeline, address: str, token: str) -> None:
        self.pipeline = pipeline
        self.element = pipeline.get_by_name("peer")
        self._address = address
        self._token = token
        self.element.connect("on-negotiation-needed", self._offer)
        self.element.connect("notify::connection-state", self._tell_state)

    def _tell_state(self, *_: object) -> None:
        state = self.element.get_property("connection-state")
        say(state=state.value_nick)

    def _offer(self, _: object) -> None:
        promise = Gst.Promise.new_with_change_func(self._take_offer)
        self.element.emit("create-offer", None, promise)

    def _take_offer(self, promise: Gst.Promise) -> None:
        # The offer lives no longer than the reply.
        reply = promise.get_reply()
        offer = reply.get_value("offer")
        self.element.emit("set-local-description", offer, Gst.Promise.new())
        # Without its candidates: our side never looks for a path.
        answer = self._post(offer.sdp.as_text())
        _, message = GstSdp.SDPMessage.new_from_text(answer)
        kind = GstWebRTC.WebRTCSDPType.ANSWER
        described = GstWebRTC.WebRTCSessionDescription.new(kind, message)
        self.element.emit("set-remote-description", described, Gst.Promise.new())

    def _post(self, offer: str) -> str:
        headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {self._token}"}
        request = urllib.request.Request(self._address, offer.encode(), headers)
        with urllib.request.urlopen(request) as reply:
            return reply.read().decode()


def publisher(codec: str) -> Gst.Pipeline:
    return Gst.parse_launch(
        PUBLISHER.format(
            width=WIDTH,
            height=HEIGHT,
            encoder=ENCODERS[codec],
            format=FORMATS[codec],
            audio=AUDIO,
        )
    )


def player(codec: str) -> Gst.Pipeline:
    pipeline = Gst.Pipeline()
    element = Gst.ElementFactory.make("webrtcbin", "peer")
    element.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
    pipeline.add(element)
    direction = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
    for caps in (AUDIO, FORMATS[codec] + PARAMETERS[codec]):
        element.emit("add-transceiver", direction, Gst.Caps.from_string(caps))
    element.connect("pad-added", lambda _, pad: decode(pipeline, pad))
    return pipeline


def decode(pipeline: Gst.Pipeline, pad: Gst.Pad) -> None:
    """Decode what comes out of a new pad, and look at it."""
    if pad.direction is not Gst.PadDirection.SRC:
        return
    decoder = Gst.ElementFactory.make("decodebin")
    decoder.connect("pad-added", lambda _, decoded: show(pipeline, decoded))
    pipeline.add(decoder)
    decoder.sync_state_with_parent()
    pad.link(decoder.get_static_pad("sink"))


def show(pipeline: Gst.Pipeline, pad: Gst.Pad) -> None:
    kind = pad.get_current_caps().get_structure(0).get_name().partition("/")[0]
    sink = Gst.parse_bin_from_description(SINKS[kind], True)
    inner = sink.get_by_name("sink")
    inner.set_property("emit-signals", True)
    inner.connect("new-sample", look if kind == "video" else listen)
    pipeline.add(sink)
    sink.sync_state_with_parent()
    pad.link(sink.get_static_pad("sink"))


def look(sink: Gst.Element) -> Gst.FlowReturn:
    """Say where the bright part of a picture is."""
    sample = sink.emit("pull-sample")
    shape = sample.get_caps().get_structure(0)
    width, height = shape.get_value("width"), shape.get_value("height")
    data = _bytes(sample)
    # Lines are aligned to four bytes.
    stride = len(data) // height
    bright = [
        column
        for column in range(0, width, 4)
        for line in range(0, height, 4)
        if data[line * stride + column] > 180
    ]
    centre = sum(bright) / len(bright) if bright else None
    say(width=width, height=height, centre=centre)
    return Gst.FlowReturn.OK


def listen(sink: Gst.Element) -> Gst.FlowReturn:
    """Say how loud a piece of sound is."""
    samples = array.array("h", _bytes(sink.emit("pull-sample")))
    say(loudness=sum(map(abs, samples)) / len(samples))
    return Gst.FlowReturn.OK


def _bytes(sample: Gst.Sample) -> bytes:
    buffer = sample.get_buffer()
    return buffer.extract_dup(0, buffer.get_size())


def main(role: str, address: str, token: str, codec: str) -> None:
    Gst.init(None)
    pipeline = publisher(codec) if role == "publish" else player(codec)
    peer = Peer(pipeline, address, token)
    loop = GLib.MainLoop()
    GLib.timeout_add_seconds(LONGEST_S, loop.quit)
    peer.pipeline.set_state(Gst.State.PLAYING)
    loop.run()
    peer.pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    main(*sys.argv[1:])
