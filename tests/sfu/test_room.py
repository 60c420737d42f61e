"""What viewers of a room get: layers by what their line takes, by what they wish, by who speaks."""

import itertools

import pytest

from sfu.rtcp import Nack
from sfu.subscriber import TrackWish, ViewerWishes
from sfu.survey import EncodingsWanted, SpeakerChange
from tests.sfu.room import HEIGHTS, Room, gaps, milliseconds, picture_ids
from tests.sfu.viewer import Line


def wide() -> Line:
    return Line(lambda now: 50_000_000)


@pytest.fixture
def room() -> Room:
    opened = Room()
    opened.publish("ada")
    return opened


# --- simulcast ---


def test_a_viewer_on_a_wide_line_is_brought_to_the_highest_encoding(room: Room) -> None:
    room.run(1.0)
    bob = room.watch("bob", ["ada/v"], wide())
    room.run(4.0)
    assert bob.height("0") == 720
    assert bob.reason("0") == "complete"


def test_switching_leaves_no_hole_in_any_number(room: Room) -> None:
    room.run(1.0)
    bob = room.watch("bob", ["ada/v"], wide())
    room.run(4.0)
    for height in (180, 720, 360):
        room.router.wish("bob", ViewerWishes({"0": TrackWish(height)}), room.now)
        room.run(2.5)
        assert bob.height("0") == height
    packets = bob.of("0")
    ids = picture_ids(packets)
    steps = milliseconds(packets)
    assert gaps(packets) == 0
    assert len({packet.ssrc for packet in packets}) == 1
    assert [(b - a) & 0x7FFF for a, b in itertools.pairwise(ids)] == [1] * (len(ids) - 1)
    # Pictures come every 35 ms; a switch shows as no more than a few of them.
    assert min(steps) > 0
    assert max(steps) < 200


def test_the_old_encoding_is_seen_until_the_new_one_begins(room: Room) -> None:
    room.run(1.0)
    bob = room.watch("bob", ["ada/v"], wide())
    room.run(4.0)
    before = bob.pictures("0")
    room.router.wish("bob", ViewerWishes({"0": TrackWish(180)}), room.now)
    room.run(1.0)
    assert bob.pictures("0") - before >= 27


def test_an_encoding_that_stops_is_replaced_by_another(room: Room) -> None:
    room.run(1.0)
    bob = room.watch("bob", ["ada/v"], wide())
    room.run(4.0)
    room.publishers["ada"].sources[2].on = False
    room.run(3.5)
    assert bob.height("0") == 360
    room.publishers["ada"].sources[2].on = True
    room.run(3.0)
    assert bob.height("0") == 720


def test_a_track_that_goes_on_under_another_source_is_still_the_same(room: Room) -> None:
    room.run(1.0)
    bob = room.watch("bob", ["ada/v"], wide())
    room.run(3.0)
    for source in room.publishers["ada"].sources:
        source.ssrc += 0x100
        source.first_sequence, source.first_timestamp = 5, 123_456_789
        source.key_frame_due = True
    seen = bob.pictures("0")
    room.run(3.0)
    assert bob.pictures("0") - seen > 60
    assert gaps(bob.of("0")) == 0
    assert max(milliseconds(bob.of("0"))) < 1000


# --- what the line takes ---


def test_a_viewer_cut_down_gets_less_and_then_all_again(room: Room) -> None:
    cut = {"from": 8.0, "to": 16.0}

    def rate(now: float) -> float:
        return 250_000 if cut["from"] <= now - 1000 < cut["to"] else 5_000_000

    room.publishers["ada"].level_dbov = -20
    room.run(1.0)
    bob = room.watch("bob", ["ada/v", "ada/a"], Line(rate))
    room.run(7.0)
    assert bob.height("0") == 720
    heard = len(bob.of("1"))
    room.run(3.0)
    assert bob.height("0") == 180
    room.run(5.0)
    assert bob.height("0") == 180
    assert bob.reason("0") == "reduced"
    # 50 packets of speech a second.
    assert len(bob.of("1")) - heard >= 0.9 * 8 * 50
    room.run(10.0)
    assert bob.height("0") == 720


def test_what_cannot_be_paid_for_is_paused_and_said(room: Room) -> None:
    room.publishers["ada"].level_dbov = -20
    room.run(1.0)
    bob = room.watch("bob", ["ada/v", "ada/a"], Line(lambda now: 90_000))
    room.run(12.0)
    assert bob.reason("0") == "no_bandwidth"
    seen, heard = bob.pictures("0"), len(bob.of("1"))
    room.run(4.0)
    assert bob.pictures("0") == seen
    assert len(bob.of("1")) - heard >= 0.95 * 4 * 50


def test_a_single_encoding_goes_down_by_its_temporal_layers() -> None:
    room = Room()
    room.publish("ada", encodings=1)
    room.run(1.0)
    narrow = room.watch("narrow", ["ada/v"], Line(lambda now: 1_100_000))
    usual = room.watch("usual", ["ada/v"], wide())
    room.run(14.0)
    since = room.now
    room.run(4.0)
    assert usual.pictures("0", since) >= 105
    assert 40 <= narrow.pictures("0", since) <= 75
    # Both began under the same source, and one has parted from the other.
    assert {p.ssrc for p in narrow.of("0")} == {p.ssrc for p in usual.of("0")}
    assert gaps(usual.of("0")) == 0


def test_padding_finds_out_what_the_line_takes(room: Room) -> None:
    room.run(1.0)
    bob = room.watch("bob", ["ada/v"], wide())
    room.run(4.0)
    assert bob.padding > 0
    statistics = room.router.statistics(room.now)
    assert statistics.consumers["bob"][0].bytes_padded > 0
    assert (statistics.viewers["bob"].estimate_bps or 0) > 1_600_000


def test_a_viewer_that_tells_nothing_is_sent_everything(room: Room) -> None:
    room.run(1.0)
    bob = room.watch("bob", ["ada/v"], tells=False)
    room.run(2.0)
    assert bob.height("0") == 720


# --- wishes ---


def test_a_small_picture_is_sent_small(room: Room) -> None:
    room.run(1.0)
    bob = room.watch("bob", ["ada/v"], wide())
    room.router.wish("bob", ViewerWishes({"0": TrackWish(max_height=300)}), room.now)
    room.run(4.0)
    assert bob.height("0") == 360


def test_a_paused_track_sends_nothing_and_begins_again_with_a_key_frame(room: Room) -> None:
    room.run(1.0)
    bob = room.watch("bob", ["ada/v"], wide())
    room.run(3.0)
    room.router.wish("bob", ViewerWishes({"0": TrackWish(paused=True)}), room.now)
    room.run(0.5)
    seen = bob.pictures("0")
    room.run(2.0)
    assert bob.pictures("0") == seen
    assert bob.reason("0") == "not_wanted"
    room.router.wish("bob", ViewerWishes(), room.now)
    room.run(3.0)
    assert bob.height("0") == 720
    assert gaps(bob.of("0")) == 0


def test_one_viewers_pause_is_not_anothers() -> None:
    room = Room()
    room.publish("ada", encodings=1)
    room.run(1.0)
    bob, eve = (room.watch(name, ["ada/v"], wide()) for name in ("bob", "eve"))
    room.run(2.0)
    room.router.wish("bob", ViewerWishes({"0": TrackWish(paused=True)}), room.now)
    seen = eve.pictures("0")
    room.run(2.0)
    assert eve.pictures("0") - seen >= 55
    room.router.wish("bob", ViewerWishes(), room.now)
    room.run(2.0)
    assert bob.pictures("0", room.now - 1.0) >= 25
    assert gaps(bob.of("0")) == gaps(eve.of("0")) == 0


def test_of_two_the_pinned_one_is_paid_first() -> None:
    room = Room()
    room.publish("ada")
    room.publish("eve")
    room.run(1.0)
    bob = room.watch("bob", ["ada/v", "eve/v"], Line(lambda now: 720_000))
    room.router.wish("bob", ViewerWishes({"1": TrackWish(pinned=True)}), room.now)
    room.run(15.0)
    assert bob.height("1") > bob.height("0") == 180


# --- who speaks ---


def test_the_speaker_is_told_and_held(room: Room) -> None:
    room.publish("eve")
    room.publishers["ada"].level_dbov = -20
    room.publishers["eve"].level_dbov = -90
    room.run(2.0)
    assert room.news.count(SpeakerChange("ada", "ada")) == 0
    # A level that never changes is a fan.
    for _ in range(8):
        room.publishers["ada"].level_dbov = -80
        room.run(0.1)
        room.publishers["ada"].level_dbov = -20
        room.run(0.3)
    assert room.news.count(SpeakerChange("ada", "ada")) == 1
    room.router.leave("ada")
    del room.publishers["ada"]
    room.run(0.5)
    assert room.news[-1] == SpeakerChange(None, None)


def test_only_those_who_spoke_last_are_seen() -> None:
    room = Room()
    for name in ("ada", "eve", "joe"):
        room.publish(name, level_dbov=-80)
    room.run(1.0)
    bob = room.watch("bob", ["ada/v", "eve/v", "joe/v"], wide())
    room.router.wish("bob", ViewerWishes(last_speakers=1), room.now)
    for _ in range(5):
        room.publishers["joe"].level_dbov = -80
        room.run(0.1)
        room.publishers["joe"].level_dbov = -20
        room.run(0.3)
    room.run(1.0)
    since = room.now
    room.run(1.0)
    assert [bob.pictures(mid, since) > 0 for mid in "012"] == [False, False, True]
    assert [bob.reason(mid) for mid in "01"] == ["not_wanted"] * 2
    pinned = ViewerWishes({"0": TrackWish(pinned=True)}, last_speakers=1)
    room.router.wish("bob", pinned, room.now)
    room.run(2.0)
    since = room.now
    room.run(1.0)
    assert [bob.pictures(mid, since) > 0 for mid in "012"] == [True, False, True]


# --- what publishers are told ---


def test_a_publisher_learns_which_encodings_nobody_watches(room: Room) -> None:
    room.run(1.0)
    room.watch("bob", ["ada/v"], wide())
    room.router.wish("bob", ViewerWishes({"0": TrackWish(max_height=180)}), room.now)
    room.run(5.0)
    assert [n for n in room.news if isinstance(n, EncodingsWanted)] == [
        EncodingsWanted("ada", "v", ("q",))
    ]
    room.publishers["ada"].sources[1].on = room.publishers["ada"].sources[2].on = False
    room.run(3.0)
    room.router.wish("bob", ViewerWishes(), room.now)
    room.run(0.5)
    wanted = [n for n in room.news if isinstance(n, EncodingsWanted)]
    assert wanted[-1] == EncodingsWanted("ada", "v", ("q", "h", "f"))
    for source in room.publishers["ada"].sources:
        source.on = True
    room.run(4.0)
    assert room.viewers["bob"].height("0") == 720


def test_a_camera_that_is_off_stays_wanted_by_whoever_watches(room: Room) -> None:
    """Its publisher would send nothing else when it is switched on again."""
    room.run(1.0)
    room.watch("bob", ["ada/v"], wide())
    room.run(4.0)
    for source in room.publishers["ada"].sources:
        source.on = False
    room.run(20.0)
    assert EncodingsWanted("ada", "v", ()) not in room.news


def test_nobody_watches_and_so_nothing_is_wanted(room: Room) -> None:
    room.run(5.0)
    assert EncodingsWanted("ada", "v", ()) in room.news


def test_a_silenced_track_is_not_forwarded_whatever_is_sent(room: Room) -> None:
    room.publishers["ada"].level_dbov = -20
    room.run(1.0)
    bob = room.watch("bob", ["ada/v", "ada/a"], wide())
    room.run(2.0)
    room.router.silence("ada", frozenset({"v"}))
    room.run(0.2)
    seen, heard = bob.pictures("0"), len(bob.of("1"))
    room.run(2.0)
    assert bob.pictures("0") == seen
    assert bob.reason("0") == "silenced"
    assert len(bob.of("1")) > heard
    assert room.router.statistics(room.now).drops["ada"]["silenced"] > 100
    room.router.silence("ada", frozenset())
    room.run(3.0)
    assert bob.pictures("0") > seen + 30


# --- loss ---


def test_loss_on_the_way_is_mended_by_asking(room: Room) -> None:
    room.run(1.0)
    bob = room.watch("bob", ["ada/v"], wide())
    room.run(4.0)
    lost = bob.of("0")[-5]
    asked = Nack(1, lost.ssrc, (lost.sequence_number,))
    again = room.router.receive_rtcp("bob", bytes(asked), room.now + 0.3)
    assert len(again) == 1
    assert lost.payload in again[0][1]


@pytest.mark.parametrize("height", HEIGHTS)
def test_who_comes_later_gets_what_it_wishes_too(room: Room, height: int) -> None:
    room.run(1.0)
    room.watch("bob", ["ada/v"], wide())
    room.run(1.0)
    eve = room.watch("eve", ["ada/v"], wide())
    room.router.wish("eve", ViewerWishes({"0": TrackWish(height)}), room.now)
    room.run(5.0)
    assert eve.height("0") == height


def test_statistics_tell_what_a_viewer_gets(room: Room) -> None:
    room.run(1.0)
    room.watch("bob", ["ada/v"], wide())
    room.run(5.0)
    statistics = room.router.statistics(room.now)
    (consumer,) = statistics.consumers["bob"]
    viewer = statistics.viewers["bob"]
    assert consumer.state == "complete"
    assert consumer.layer is not None
    assert consumer.layer.encoding == 2
    assert 1_300_000 < consumer.bitrate_bps < 1_600_000
    assert (viewer.estimate_bps or 0) >= viewer.spent_bps > 1_300_000
    assert viewer.round_trip_s is not None
    assert [one.rid for one in statistics.producers["ada"] if one.kind == "video"] == [
        "q",
        "h",
        "f",
    ]
    assert all(one.bitrate_bps > 100_000 for one in statistics.producers["ada"] if one.rid)
