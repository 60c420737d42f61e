"""Our offers to viewers: sections that stay, numbers that mean one thing, answers of all kinds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.codecs import Codec
from sfu.description import (
    AUDIO_LEVEL,
    TRANSPORT_SEQUENCE,
    BadSdp,
    Format,
    Local,
    MediaKind,
    Outgoing,
)
from sfu.description_parsing import parse_offer
from sfu.offering import Changes, OfferedTrack, Offering
from sfu.publication import Track

LOCAL = Local(("192.0.2.7",), 5000, "ours", "secret", ("sha-256", "AA:BB"), 42)
THEIRS = ":".join(["AB"] * 32)
VP8 = Format(96, "VP8", 90_000, 1, "", frozenset({"nack", "nack pli"}), 97)
H264 = Format(102, "H264", 90_000, 1, "packetization-mode=1;profile-level-id=42e01f", VP8.feedback)
OPUS = Format(111, "opus", 48_000, 2, "minptime=10;useinbandfec=1")


def camera(producer: str, chosen: Format = VP8) -> OfferedTrack:
    track = Track("v", MediaKind.VIDEO, Codec(chosen.name), chosen, {}, (), ())
    return OfferedTrack(producer, track, Outgoing(producer, hash(producer) & 0xFFFF, 7))


def voice(producer: str, redundancy: int | None = None) -> OfferedTrack:
    levels = {AUDIO_LEVEL: 9}
    track = Track("a", MediaKind.AUDIO, Codec.OPUS, OPUS, levels, (), (), (), redundancy)
    return OfferedTrack(producer, track, Outgoing(producer, hash(producer) & 0xFFFF, 7))


def sections(text: str) -> list[list[str]]:
    return [part.split("\r\n") for part in text.split("\r\nm=")[1:]]


def answer(text: str, refuse: frozenset[str] = frozenset(), without: str = "") -> str:
    """What a viewer that takes everything says, but for what it refuses or leaves out."""
    head, *parts = text.split("\r\nm=")
    lines = [line for line in head.split("\r\n") if not line.startswith("a=ice-lite")]
    taken = [mid for mid in lines[-1].split(" ")[1:] if mid not in refuse]
    lines[-1] = " ".join(["a=group:BUNDLE", *taken])
    for part in parts:
        first, *rest = part.strip().split("\r\n")
        mid = next(line[6:] for line in rest if line.startswith("a=mid:"))
        if mid in refuse:
            words = first.split(" ")
            lines += [f"m={words[0]} 0 {' '.join(words[2:])}", f"a=mid:{mid}", "a=inactive"]
            continue
        kept = [
            line.replace("a=sendonly", "a=recvonly").replace("a=setup:actpass", "a=setup:active")
            for line in rest
            if not line.startswith(("a=ice-", "a=fingerprint", "a=candidate", "a=ssrc", "a=msid"))
            and not (without and without in line)
        ]
        lines += [f"m={first}", *kept, "a=ice-ufrag:abcd", f"a=ice-pwd:{'p' * 24}"]
        lines.append(f"a=fingerprint:sha-256 {THEIRS}")
    return "\r\n".join(lines) + "\r\n"


def agree(offering: Offering, **how: object) -> Changes:
    return offering.accept(parse_offer(answer(offering.text(LOCAL), **how)))  # type: ignore[arg-type]


def test_a_connection_begins_before_anybody_publishes() -> None:
    offering = Offering()
    text = offering.text(LOCAL)
    assert len(sections(text)) == 1
    assert "a=inactive" in text
    assert "a=setup:actpass" in text
    assert agree(offering) == Changes((), ())


def test_only_what_is_sent_again_has_a_source_for_it() -> None:
    offering = Offering()
    for offered in (voice("ada"), camera("ada's face")):
        offering.add(offered)
    sound, picture = sections(offering.text(LOCAL))
    assert not any(line.startswith(("a=ssrc-group", "a=ssrc:7 ")) for line in sound)
    assert any(line.startswith("a=ssrc-group:FID ") for line in picture)


def test_what_is_taken_begins_once_and_in_the_offers_numbers() -> None:
    offering = Offering()
    offering.add(camera("ada/v"))
    offering.add(voice("ada/a"))
    begun = {one.producer: one for one, _ in agree(offering).begun}
    assert set(begun) == {"ada/v", "ada/a"}
    assert begun["ada/v"].format.retransmission is not None
    assert begun["ada/v"].sequence_id == begun["ada/a"].sequence_id > 0
    assert begun["ada/a"].identifiers == {9: 1}
    assert agree(offering) == Changes((), ())


def test_a_section_that_became_free_is_used_again() -> None:
    offering = Offering()
    first = offering.add(camera("ada/v"))
    agree(offering)
    assert offering.drop("ada/v") == first
    assert "a=inactive" in offering.text(LOCAL)
    assert offering.add(voice("eve/a")) != first
    assert offering.add(camera("eve/v", H264)) == first
    text = offering.text(LOCAL)
    assert len(sections(text)) == 2
    assert {one.producer for one, _ in agree(offering).begun} == {"eve/a", "eve/v"}


def test_a_payload_type_means_one_format_for_ever() -> None:
    offering = Offering()
    seen: dict[str, str] = {}
    for number in range(20):
        offering.add(camera(f"{number}/v", (VP8, H264)[number % 2]))
        if number % 3 == 0:
            offering.drop(f"{number}/v")
        for line in offering.text(LOCAL).split("\r\n"):
            if line.startswith("a=rtpmap:"):
                key, _, meaning = line.partition(" ")
                assert seen.setdefault(key, meaning) == meaning
    assert len(sections(offering.text(LOCAL))) < 20


def test_a_codec_that_the_viewer_lacks_is_said_in_words() -> None:
    offering = Offering()
    offering.add(voice("ada/a"))
    mid = offering.add(camera("ada/v", H264))
    assert mid is not None
    changes = agree(offering, refuse=frozenset({mid}))
    assert [one.producer for one, _ in changes.begun] == ["ada/a"]
    assert changes.notes == ("codec not supported: video is H264",)
    assert f"a=mid:{mid}" in offering.text(LOCAL)
    assert agree(offering, refuse=frozenset({mid})).begun == ()


@pytest.mark.parametrize(
    ("without", "sequence_id", "retransmission"),
    [(TRANSPORT_SEQUENCE, 0, True), ("apt=", 0, False), ("", 3, True)],
)
def test_what_the_viewer_leaves_out_is_not_sent(
    without: str, sequence_id: int, retransmission: bool
) -> None:
    offering = Offering()
    offering.add(camera("ada/v"))
    ((subscription, _),) = agree(offering, without=without).begun
    assert subscription.sequence_id == sequence_id
    assert (subscription.format.retransmission is not None) is retransmission


def test_redundancy_is_offered_where_the_publisher_sends_it() -> None:
    offering = Offering()
    offering.add(voice("ada/a", redundancy=63))
    text = offering.text(LOCAL)
    assert "red/48000/2" in text
    ((subscription, _),) = agree(offering).begun
    assert f"a=rtpmap:{subscription.redundancy} red/48000/2" in text


def test_an_answer_to_another_offer_is_refused() -> None:
    offering, other = Offering(), Offering()
    offering.add(camera("ada/v"))
    other.add(camera("ada/v"))
    other.add(camera("eve/v"))
    offering.text(LOCAL)
    with pytest.raises(BadSdp):
        offering.accept(parse_offer(answer(other.text(LOCAL))))


def test_a_connection_has_so_many_sections_and_no_more() -> None:
    offering = Offering()
    taken = [offering.add(camera(f"{number}/v")) for number in range(70)]
    assert taken.count(None) == 6
    assert len(sections(offering.text(LOCAL))) == 64


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=40))
def test_sections_only_ever_grow_and_keep_their_kind(steps: list[tuple[str, bool]]) -> None:
    offering = Offering()
    kinds: list[str] = []
    for name, video in steps:
        producer = f"{name}/{video}"
        if producer in offering.producers:
            offering.drop(producer)
        else:
            offering.add(camera(producer) if video else voice(producer))
        now = [lines[0].split(" ")[0] for lines in sections(offering.text(LOCAL))]
        assert now[: len(kinds)] == kinds
        kinds = now
        assert len(set(offering.producers.values())) == len(offering.producers)
        agree(offering)
