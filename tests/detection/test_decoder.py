"""Whatever comes, the decoder lives, says what it refused, and sees again at the next key frame."""

from fractions import Fraction

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detection.decoder import (
    MAX_PIXELS,
    Encoded,
    PictureDecoder,
    Refused,
    SoundDecoder,
)
from detection.headers import BadHeader, announced_sizes
from detection.media import SOUND_RATE_HZ
from sfu.codecs import Codec
from tests.sfu import encoded
from tests.sfu.test_frames import assemble, packets_of

ENCODERS = {"vp8": encoded.vp8, "vp9": encoded.vp9, "h264": encoded.h264, "av1": encoded.av1}


def frame(data: bytes, at_s: float = 0.0, *, key: bool = False, rotation: int = 0) -> Encoded:
    return Encoded(at_s, at_s, key, False, 1, data, rotation)


def opus(seconds: float, hertz: float = 440.0) -> list[bytes]:
    context = av.CodecContext.create("libopus", "w")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate, context.layout, context.format = 48_000, "mono", "flt"
    context.time_base = Fraction(1, 48_000)
    packets = []
    for index in range(round(seconds * 50)):
        at = (np.arange(960) + 960 * index) / 48_000
        wave = (0.5 * np.sin(2 * np.pi * hertz * at)).astype(np.float32)
        sound = av.AudioFrame.from_ndarray(wave[None], format="flt", layout="mono")
        sound.sample_rate, sound.pts = 48_000, 960 * index
        packets += [bytes(packet) for packet in context.encode(sound)]
    return packets


@pytest.mark.parametrize("codec", ENCODERS)
def test_pictures_come_of_frames_and_the_header_tells_their_size(codec: str) -> None:
    frames = ENCODERS[codec](width=96, height=64)
    assert announced_sizes(codec, frames[0]) == [(96, 64)]
    decoder = PictureDecoder(codec)
    pictures = [one for data in frames for one in decoder.decode(frame(data))]
    assert len(pictures) >= len(frames) - 1
    assert pictures[0].pixels.shape == (64, 96, 3)
    assert not decoder.counts


@pytest.mark.parametrize("codec", ENCODERS)
def test_an_empty_frame_blinds_nobody(codec: str) -> None:
    decoder, frames = PictureDecoder(codec), ENCODERS[codec]()
    before = decoder.decode(frame(frames[0]))
    assert decoder.decode(frame(b"")) == []
    after = [one for data in frames[1:] for one in decoder.decode(frame(data))]
    assert len(before) + len(after) >= len(frames) - 1
    assert decoder.counts == {Refused.EMPTY: 1}


@pytest.mark.parametrize("codec", ENCODERS)
def test_a_decoder_that_ended_is_answered_by_a_new_one(codec: str) -> None:
    decoder, frames = PictureDecoder(codec), ENCODERS[codec]()
    decoder.decode(frame(frames[0]))
    decoder._context.decode(None)
    assert decoder.decode(frame(frames[1])) == []
    assert decoder.needs_key_frame
    assert decoder.counts == {Refused.DECODER_ENDED: 1}
    seen = [one for data in frames for one in decoder.decode(frame(data))]
    assert len(seen) >= len(frames) - 1


@pytest.mark.parametrize("codec", ENCODERS)
@given(rest=st.lists(st.binary(max_size=200), max_size=20), keep=st.integers(0, 16))
def test_garbage_is_counted_and_the_next_key_frame_helps(
    codec: str, rest: list[bytes], keep: int
) -> None:
    decoder, frames = PictureDecoder(codec), ENCODERS[codec]()
    for garbage in rest:
        decoder.decode(frame(frames[0][:keep] + garbage))
        decoder.decode(frame(garbage))
    # A second later the size may change again.
    seen = [one for data in frames for one in decoder.decode(frame(data, 2.0))]
    assert len(seen) >= len(frames) - 1
    assert sum(decoder.counts.values()) <= 2 * len(rest)


BOMB = bytes.fromhex("100000") + b"\x9d\x01\x2a" + bytes.fromhex("ff3fff3f") + bytes(64)


def test_a_frame_that_claims_a_gigabyte_never_reaches_a_decoder() -> None:
    decoder = PictureDecoder("vp8")
    assert announced_sizes("vp8", BOMB) == [(16383, 16383)]
    assert decoder.decode(frame(BOMB)) == []
    assert decoder.counts == {Refused.TOO_LARGE: 1}
    assert int(decoder._context.options["max_pixels"]) == MAX_PIXELS


# 16 bits for each side, and all of them set.
AV1_BOMB = b"\x12\x00\x0a\x10" + (0xFF_FFFF_FFFF << 59).to_bytes(16, "big")


def test_av1_that_claims_a_gigabyte_never_reaches_a_decoder() -> None:
    decoder = PictureDecoder("av1")
    assert announced_sizes("av1", AV1_BOMB) == [(65536, 65536)]
    assert decoder.decode(frame(AV1_BOMB + encoded.av1()[0])) == []
    assert decoder.counts == {Refused.TOO_LARGE: 1}


def test_a_size_that_stands_behind_the_header_is_refused_by_the_decoder_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("detection.decoder.announced_sizes", lambda *_: [(64, 48)])
    monkeypatch.setattr("detection.decoder.MAX_PIXELS", 64 * 48)
    decoder = PictureDecoder("av1")
    assert decoder.decode(frame(encoded.av1(width=64, height=48)[0]))
    assert decoder.decode(frame(encoded.av1(width=96, height=64)[0])) == []
    assert decoder.counts == {Refused.GARBAGE: 1}


def test_a_frame_of_av1_that_shows_thousands_of_pictures_is_none() -> None:
    decoder, frames = PictureDecoder("av1"), encoded.av1()
    assert decoder.decode(frame(frames[0]))
    # `show_existing_frame`, for two bytes and a length each.
    assert decoder.decode(frame(b"\x12\x00" + b"\x1a\x01\x80" * 5000)) == []
    assert decoder.counts == {Refused.BAD_HEADER: 1}


def test_what_the_tap_makes_of_av1_is_decoded() -> None:
    decoder = PictureDecoder("av1")
    frames = assemble(Codec.AV1, list(enumerate(packets_of(Codec.AV1))))
    seen = [one for tapped in frames for one in decoder.decode(frame(tapped.data))]
    assert [one.pixels.shape for one in seen] == [(48, 64, 3)] * 5
    assert not decoder.counts


def test_sizes_change_twice_a_second_and_no_more() -> None:
    decoder = PictureDecoder("vp8")
    sizes = [encoded.vp8(width=64, height=48)[0], encoded.vp8(width=160, height=96)[0]]
    seen = [len(decoder.decode(frame(sizes[n % 2], n * 0.05))) for n in range(8)]
    assert sum(seen) == 5
    assert decoder.counts[Refused.SIZE_CHANGES] == 3
    assert decoder.decode(frame(sizes[1], 3.0))


@pytest.mark.parametrize("codec", ENCODERS)
def test_nothing_is_decoded_before_a_key_frame(codec: str) -> None:
    decoder, frames = PictureDecoder(codec), ENCODERS[codec]()
    assert decoder.decode(frame(frames[1])) == []
    assert decoder.counts == {Refused.NO_KEY_FRAME: 1}


def test_what_lies_on_its_side_is_put_upright() -> None:
    data = encoded.vp8(width=96, height=64)[0]
    upright = PictureDecoder("vp8").decode(frame(data))[0].pixels
    turned = PictureDecoder("vp8").decode(frame(data, rotation=90))[0].pixels
    assert turned.shape == (96, 64, 3)
    assert (turned[:, -1] == upright[0]).all()


def test_sound_comes_out_as_it_went_in() -> None:
    decoder = SoundDecoder()
    pieces = [one for data in opus(1.0) for one in decoder.decode(frame(data))]
    samples = np.concatenate([piece.samples for piece in pieces])
    assert sum(piece.duration_s for piece in pieces) == pytest.approx(1.0, abs=0.05)
    spectrum = np.abs(np.fft.rfft(samples[SOUND_RATE_HZ // 4 :]))
    loudest = np.argmax(spectrum) * SOUND_RATE_HZ / (len(samples) - SOUND_RATE_HZ // 4)
    assert loudest == pytest.approx(440.0, abs=5.0)


@given(st.lists(st.binary(max_size=100), max_size=30))
def test_garbage_of_sound_is_counted_and_sound_goes_on(rest: list[bytes]) -> None:
    decoder = SoundDecoder()
    for garbage in rest:
        decoder.decode(frame(garbage))
    assert [one for data in opus(0.1) for one in decoder.decode(frame(data))]


# What says that parameters follow.
PARAMETERS = {"h264": b"\0\0\0\1\x67", "av1": b"\x0a\x10"}


@pytest.mark.parametrize("codec", ENCODERS)
@given(data=st.binary(max_size=300), started=st.booleans())
def test_reading_a_header_raises_nothing_else(codec: str, data: bytes, started: bool) -> None:
    if started:
        data = PARAMETERS.get(codec, b"") + data
    try:
        sizes = announced_sizes(codec, data)
    except BadHeader:
        return
    assert all(width > 0 and height > 0 for width, height in sizes)
