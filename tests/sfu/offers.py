"""Offers as browsers write them, as short as they can be."""

from dataclasses import dataclass

from sfu.description import AUDIO_LEVEL, MID, REPAIRED_RID, RID, TRANSPORT_SEQUENCE, Local

LOCAL = Local(("192.0.2.7", "2001:db8::7"), 5000, "ours", "secret", ("sha-256", "AA:BB"), 42)
FINGERPRINT = ":".join(["AB"] * 32)


@dataclass(frozen=True)
class Video:
    """One video section, with VP8 and its retransmissions unless told otherwise."""

    mid: str = "1"
    direction: str = "sendonly"
    formats: str = "96 97"
    lines: tuple[str, ...] = (
        "a=rtpmap:96 VP8/90000",
        "a=rtcp-fb:96 nack",
        "a=rtcp-fb:96 nack pli",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
        f"a=extmap:4 {MID}",
    )

    def text(self) -> list[str]:
        head = [f"m=video 9 UDP/TLS/RTP/SAVPF {self.formats}", "c=IN IP4 0.0.0.0"]
        return [*head, f"a=mid:{self.mid}", "a=rtcp-mux", f"a={self.direction}", *self.lines]


H264 = (
    "a=rtpmap:102 H264/90000",
    "a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f",
)
AUDIO = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "c=IN IP4 0.0.0.0",
    "a=mid:0",
    "a=rtcp-mux",
    "a=sendrecv",
    "a=rtpmap:111 opus/48000/2",
    "a=fmtp:111 minptime=10;useinbandfec=1",
    f"a=extmap:1 {AUDIO_LEVEL}",
)


def offer(*sections: list[str] | tuple[str, ...], setup: str = "actpass", more: str = "") -> str:
    mids = [line[6:] for section in sections for line in section if line.startswith("a=mid:")]
    lines = [
        "v=0",
        "o=- 1 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        f"a=group:BUNDLE {' '.join(mids)}",
        "a=ice-ufrag:abcd",
        f"a=ice-pwd:{'p' * 24}",
        f"a=fingerprint:sha-256 {FINGERPRINT}",
        f"a=setup:{setup}",
        *(line for section in sections for line in section),
    ]
    return "\r\n".join(lines) + "\r\n" + more


SIMULCAST = (
    *Video().lines,
    f"a=extmap:5 {RID}",
    f"a=extmap:6 {REPAIRED_RID}",
    f"a=extmap:3 {TRANSPORT_SEQUENCE}",
    "a=rid:q send",
    "a=rid:h send",
    "a=rid:f send",
)


def redundant(preferred: bool, opus: int = 111) -> tuple[str, ...]:
    numbers = f"63 {opus}" if preferred else f"{opus} 63"
    lines = (line.replace("111", str(opus)) for line in AUDIO)
    head, *rest = lines
    return (
        head.rsplit(" ", 1)[0] + f" {numbers}",
        *rest,
        "a=rtpmap:63 red/48000/2",
        f"a=fmtp:63 {opus}/{opus}",
    )
