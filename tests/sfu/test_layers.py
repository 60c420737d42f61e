"""Choosing and switching layers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfu.codecs import Description
from sfu.codecs.h264 import parse_h264
from sfu.codecs.vp8 import parse_vp8
from sfu.codecs.vp9 import parse_vp9
from sfu.layers import Decision, Layer, LayerOption, LayerSelector, within_wish
from sfu.rewriter import StreamRewriter
from tests import builders

FORWARD, LAST, SWITCH, SKIP = (
    Decision.FORWARD,
    Decision.FORWARD_AS_LAST,
    Decision.SWITCH,
    Decision.SKIP,
)


def vp8(temporal_id: int = 0, *, key: bool = False, sync: bool = False, start: bool = True):
    body = builders.vp8_key_frame(64, 48) if key else b"\x01data"
    return parse_vp8(builders.vp8(body, start=start, picture_id=1, temporal=(temporal_id, sync)))


def vp9(
    spatial_id: int = 0,
    temporal_id: int = 0,
    *,
    key: bool = False,
    up: bool = False,
    start: bool = True,
    end: bool = True,
):
    layers = (temporal_id, up, spatial_id, spatial_id > 0)
    return parse_vp9(
        builders.vp9(
            layers=layers, level_zero_index=1, inter_predicted=not key, start=start, end=end
        )
    )


def selector(target: Layer, key_frame: Description | None = None) -> LayerSelector:
    made = LayerSelector()
    made.aim(target)
    began = made.decide(target.encoding, key_frame or vp8(key=True))
    assert began in {SWITCH, Decision.SWITCH_AS_LAST}
    return made


# --- simulcast ---


def test_nothing_is_sent_before_the_key_frame_that_is_asked_for() -> None:
    made = LayerSelector()
    assert made.key_frame_wanted is None
    made.aim(Layer(1))
    assert made.key_frame_wanted == 1
    assert made.decide(1, vp8()) is SKIP
    assert made.decide(0, vp8(key=True)) is SKIP
    assert made.decide(1, vp8(key=True)) is SWITCH
    assert made.key_frame_wanted is None
    assert [made.decide(1, vp8()), made.decide(0, vp8())] == [FORWARD, SKIP]


@pytest.mark.parametrize(("old", "new"), [(0, 2), (2, 0)])
def test_the_old_encoding_goes_on_until_the_new_one_has_a_key_frame(old: int, new: int) -> None:
    made = selector(Layer(old))
    made.aim(Layer(new))
    assert made.key_frame_wanted == new
    assert [made.decide(old, vp8()), made.decide(new, vp8())] == [FORWARD, SKIP]
    assert made.current == Layer(old)
    # Not even a key frame of the old one ends it, nor one of a third.
    assert made.decide(old, vp8(key=True)) is FORWARD
    assert made.decide(1, vp8(key=True)) is SKIP
    assert made.decide(new, vp8(key=True)) is SWITCH
    assert [made.decide(old, vp8()), made.decide(new, vp8())] == [SKIP, FORWARD]
    assert made.current == Layer(new)


def test_a_change_that_is_no_longer_wanted_does_not_happen() -> None:
    made = selector(Layer(0))
    made.aim(Layer(2))
    made.aim(Layer(0))
    assert made.key_frame_wanted is None
    assert made.decide(2, vp8(key=True)) is SKIP
    assert made.decide(0, vp8()) is FORWARD


def test_pausing_ends_at_once_and_going_on_needs_a_key_frame() -> None:
    made = selector(Layer(0))
    made.aim(None)
    assert made.current is None
    assert made.decide(0, vp8(key=True)) is SKIP
    made.aim(Layer(0))
    assert made.key_frame_wanted == 0
    assert made.decide(0, vp8()) is SKIP
    assert made.decide(0, vp8(key=True)) is SWITCH


def test_h264_switches_on_its_parameter_sets() -> None:
    made = selector(Layer(0), parse_h264(b"\x65abc"))
    assert made.decide(0, parse_h264(b"\x41abc")) is FORWARD
    made.aim(Layer(1))
    assert made.decide(1, parse_h264(b"\x41abc")) is SKIP
    assert made.decide(1, parse_h264(b"\x65abc")) is SWITCH


# --- temporal layers ---


def test_higher_temporal_layers_are_left_out() -> None:
    made = selector(Layer(0, 0, 1))
    assert [made.decide(0, vp8(t)) for t in (0, 2, 1, 2)] == [FORWARD, SKIP, FORWARD, SKIP]


def test_a_lower_frame_rate_begins_with_the_next_picture() -> None:
    made = selector(Layer(0, 0, 2))
    made.aim(Layer(0, 0, 0))
    assert made.key_frame_wanted is None
    # The rest of the picture at hand still goes out.
    assert made.decide(0, vp8(2, start=False)) is FORWARD
    assert made.decide(0, vp8(1)) is SKIP
    assert made.decide(0, vp8(0)) is FORWARD
    assert made.current == Layer(0, 0, 0)


def test_vp8_enters_a_temporal_layer_where_it_builds_on_the_base_only() -> None:
    made = selector(Layer(0, 0, 0))
    made.aim(Layer(0, 0, 2))
    assert made.key_frame_wanted is None
    assert made.decide(0, vp8(1)) is SKIP
    assert made.decide(0, vp8(2)) is SKIP
    assert made.decide(0, vp8(1, sync=True)) is FORWARD
    assert made.decide(0, vp8(1)) is FORWARD
    assert made.decide(0, vp8(2)) is SKIP
    assert made.decide(0, vp8(2, sync=True)) is FORWARD
    assert made.current == Layer(0, 0, 2)


def test_vp8_does_not_enter_a_temporal_layer_above_the_target() -> None:
    made = selector(Layer(0, 0, 0))
    made.aim(Layer(0, 0, 1))
    assert made.decide(0, vp8(2, sync=True)) is SKIP
    assert made.decide(0, vp8(1, sync=True)) is FORWARD


def test_a_key_frame_enters_every_layer() -> None:
    made = selector(Layer(0, 0, 0))
    made.aim(Layer(0, 0, 2))
    assert made.decide(0, vp8(key=True)) is FORWARD
    assert made.decide(0, vp8(2)) is FORWARD


def test_vp9_enters_temporal_layers_at_a_switching_point_below_them() -> None:
    made = selector(Layer(0, 0, 0), vp9(key=True))
    made.aim(Layer(0, 0, 2))
    assert made.decide(0, vp9(0, 2, up=True)) is SKIP
    assert made.decide(0, vp9(0, 0)) is LAST
    assert made.decide(0, vp9(0, 1)) is SKIP
    assert made.decide(0, vp9(0, 0, up=True)) is LAST
    assert made.decide(0, vp9(0, 2)) is LAST


# --- spatial layers ---


def test_the_highest_spatial_layer_sent_ends_the_picture() -> None:
    made = selector(Layer(0, 1, 0), vp9(key=True))
    packets = [vp9(0), vp9(1, end=False), vp9(1, start=False), vp9(2)]
    assert [made.decide(0, p) for p in packets] == [FORWARD, FORWARD, LAST, SKIP]


def test_a_higher_spatial_layer_needs_a_key_frame_that_is_asked_for() -> None:
    made = selector(Layer(0, 0, 0), vp9(key=True))
    made.aim(Layer(0, 2, 0))
    assert made.key_frame_wanted == 0
    assert [made.decide(0, vp9(0)), made.decide(0, vp9(1))] == [LAST, SKIP]
    assert made.decide(0, vp9(0, key=True)) is FORWARD
    assert made.key_frame_wanted is None
    assert [made.decide(0, vp9(s)) for s in (1, 2, 0, 1, 2)] == [
        FORWARD,
        LAST,
        FORWARD,
        FORWARD,
        LAST,
    ]


def test_a_lower_spatial_layer_begins_with_the_next_picture() -> None:
    made = selector(Layer(0, 2, 0), vp9(key=True))
    made.aim(Layer(0, 0, 0))
    assert made.decide(0, vp9(2)) is LAST
    assert made.decide(0, vp9(0)) is LAST
    assert made.decide(0, vp9(1)) is SKIP


# --- any history ---

pictures_of_a_camera = st.one_of(
    st.builds(vp8, key=st.booleans()), st.builds(vp8, st.integers(0, 2), sync=st.booleans())
)
events = st.lists(
    st.one_of(
        st.builds(Layer, st.integers(0, 2), st.just(0), st.integers(0, 2)),
        st.none(),
        st.tuples(st.integers(0, 2), pictures_of_a_camera),
    ),
    max_size=60,
)


@given(events)
def test_whatever_happens_a_source_begins_with_a_key_frame_and_numbers_have_no_gap(
    history: list,
) -> None:
    made, numbers = LayerSelector(), StreamRewriter(0, 0)
    allowed = -1
    sent = 0
    extended = [1000, 2000, 3000]
    for event in history:
        if not isinstance(event, tuple):
            made.aim(event)
            allowed = allowed if event else -1
            continue
        encoding, picture = event
        extended[encoding] += 1
        decision = made.decide(encoding, picture)
        if decision is SWITCH:
            assert picture.key_frame
            allowed = encoding
            numbers.switch(extended[encoding], 0, 1)
        if decision is SKIP:
            if encoding == allowed:
                numbers.skip(extended[encoding])
            continue
        assert encoding == allowed
        assert made.current is not None
        assert picture.temporal_id <= made.current.temporal
        mapped = numbers.map(extended[encoding], 0)
        assert mapped is not None
        assert mapped[0] == sent
        sent += 1


# --- what a viewer has use for ---

LOW = LayerOption(Layer(0), 100_000, 180)
MIDDLE = LayerOption(Layer(1), 400_000, 360)
HIGH = LayerOption(Layer(2), 1_500_000, 720)


@pytest.mark.parametrize(
    ("max_height", "useful"),
    [
        (None, [LOW, MIDDLE, HIGH]),
        (100, [LOW]),
        (180, [LOW]),
        (181, [LOW, MIDDLE]),
        (700, [LOW, MIDDLE, HIGH]),
        (2000, [LOW, MIDDLE, HIGH]),
    ],
)
def test_nothing_larger_than_its_place_is_useful(
    max_height: int | None, useful: list[LayerOption]
) -> None:
    assert within_wish([HIGH, LOW, MIDDLE], max_height) == useful


def test_of_two_at_one_rate_the_higher_is_useful() -> None:
    twin = LayerOption(Layer(1), 100_000, 360)
    assert within_wish([twin, LOW], None) == [twin]
