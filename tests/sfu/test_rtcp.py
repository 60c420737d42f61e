"""RTCP on the wire."""

from struct import pack

import pytest
from aiortc import rtp as reference
from hypothesis import given
from hypothesis import strategies as st

from sfu.errors import DropReason, RemoteError
from sfu.rtcp import (
    CNAME,
    FullIntraRequest,
    Goodbye,
    Nack,
    PictureLoss,
    ReceiverEstimate,
    ReceiverReport,
    ReceptionReport,
    SenderReport,
    SourceDescription,
    SourceItems,
    UnknownPacket,
    middle_bits,
    parse_rtcp,
)
from tests import builders

u8 = st.integers(0, 0xFF)
u16 = st.integers(0, 0xFFFF)
u32 = st.integers(0, 0xFFFF_FFFF)
reports = st.lists(
    st.builds(
        ReceptionReport,
        ssrc=u32,
        fraction_lost=u8,
        packets_lost=st.integers(-(1 << 23), (1 << 23) - 1),
        highest_sequence=u32,
        jitter=u32,
        last_sender_report=u32,
        delay_since_sender_report=u32,
    ),
    max_size=31,
).map(tuple)
items = st.lists(st.tuples(st.integers(1, 8), st.binary(max_size=255)), max_size=3).map(tuple)
sources = st.lists(st.builds(SourceItems, ssrc=u32, items=items), max_size=5).map(tuple)
ssrcs = st.lists(u32, max_size=31).map(tuple)
values = st.one_of(
    st.builds(
        SenderReport,
        ssrc=u32,
        ntp_time=st.integers(0, (1 << 64) - 1),
        rtp_timestamp=u32,
        packet_count=u32,
        octet_count=u32,
        reports=reports,
    ),
    st.builds(ReceiverReport, ssrc=u32, reports=reports),
    st.builds(SourceDescription, sources=sources),
    st.builds(Goodbye, ssrcs=ssrcs, reason=st.binary(max_size=255)),
    st.builds(
        Nack, sender_ssrc=u32, media_ssrc=u32, lost=st.sets(u16, max_size=60).map(sorted).map(tuple)
    ),
    st.builds(PictureLoss, sender_ssrc=u32, media_ssrc=u32),
    st.builds(FullIntraRequest, sender_ssrc=u32, requests=st.lists(st.tuples(u32, u8)).map(tuple)),
    st.builds(
        ReceiverEstimate, sender_ssrc=u32, bitrate_bps=st.integers(0, (1 << 18) - 1), ssrcs=ssrcs
    ),
    st.builds(
        UnknownPacket,
        packet_type=st.sampled_from([204, 207, 208]),
        count=st.integers(0, 31),
        body=st.binary(max_size=40).filter(lambda body: len(body) % 4 == 0),
    ),
)


@given(st.lists(values, min_size=1, max_size=5))
def test_a_compound_survives_building_and_parsing(packets: list) -> None:
    assert parse_rtcp(b"".join(map(bytes, packets))) == tuple(packets)


@given(st.integers(0, 1 << 62))
def test_an_estimate_is_rounded_down_by_less_than_a_part_in_100_000(bitrate_bps: int) -> None:
    (parsed,) = parse_rtcp(bytes(ReceiverEstimate(1, bitrate_bps, (2,))))
    assert isinstance(parsed, ReceiverEstimate)
    assert 0 <= bitrate_bps - parsed.bitrate_bps <= bitrate_bps / 100_000


@given(st.lists(u16, max_size=40))
def test_a_nack_in_any_order_names_the_same_packets(lost: list[int]) -> None:
    (parsed,) = parse_rtcp(bytes(Nack(1, 2, tuple(lost))))
    assert isinstance(parsed, Nack)
    assert set(parsed.lost) == set(lost)


def test_a_nack_over_the_wrap_takes_one_pair() -> None:
    assert len(bytes(Nack(1, 2, (65534, 65535, 0, 14)))) == 16


REFERENCE_REPORT = reference.RtcpReceiverInfo(1, 2, -3, 4, 5, 6, 7)
OUR_REPORT = ReceptionReport(1, 2, -3, 4, 5, 6, 7)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (
            reference.RtcpSrPacket(
                9, reference.RtcpSenderInfo(1 << 63, 10, 11, 12), [REFERENCE_REPORT] * 2
            ),
            SenderReport(9, 1 << 63, 10, 11, 12, (OUR_REPORT,) * 2),
        ),
        (reference.RtcpRrPacket(9, [REFERENCE_REPORT]), ReceiverReport(9, (OUR_REPORT,))),
        (reference.RtcpRrPacket(9), ReceiverReport(9)),
        (
            reference.RtcpSdesPacket([reference.RtcpSourceInfo(9, [(1, b"name")])]),
            SourceDescription((SourceItems(9, ((CNAME, b"name"),)),)),
        ),
        (reference.RtcpByePacket([1, 2]), Goodbye((1, 2))),
        (reference.RtcpRtpfbPacket(1, 8, 9, [5, 6, 21, 22, 40]), Nack(8, 9, (5, 6, 21, 22, 40))),
        (reference.RtcpPsfbPacket(1, 8, 9), PictureLoss(8, 9)),
        (
            reference.RtcpPsfbPacket(4, 8, 0, pack("!IBxxx", 77, 3)),
            FullIntraRequest(8, ((77, 3),)),
        ),
        (
            reference.RtcpPsfbPacket(15, 8, 0, reference.pack_remb_fci(4_160_000, [77, 78])),
            ReceiverEstimate(8, 4_160_000, (77, 78)),
        ),
        (
            reference.RtcpPsfbPacket(2, 8, 9, b"slic"),
            UnknownPacket(206, 2, pack("!II4s", 8, 9, b"slic")),
        ),
    ],
)
def test_packets_are_those_of_another_implementation(theirs, ours) -> None:
    assert parse_rtcp(bytes(theirs)) == (ours,)
    assert reference.RtcpPacket.parse(bytes(ours)) == [theirs]


def test_padding_and_unknown_profile_extensions_are_ignored() -> None:
    report = bytes(ReceiverReport(9, (OUR_REPORT,)))[4:]
    assert parse_rtcp(builders.rtcp(201, 1, report + b"more")) == (
        ReceiverReport(9, (OUR_REPORT,)),
    )
    assert parse_rtcp(builders.rtcp(201, 1, report, padding=b"\0\0\0\4")) == (
        ReceiverReport(9, (OUR_REPORT,)),
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", DropReason.TOO_SHORT),
        (b"\x80\xc9\x00", DropReason.TOO_SHORT),
        (b"\x40\xc9\x00\x01" + bytes(4), DropReason.BAD_VERSION),
        (b"\x80\xc9\x00\x02" + bytes(4), DropReason.BAD_RTCP),
        # Length 0: no endless loop, and no report either.
        (builders.rtcp(201, 0, b"") * 300, DropReason.BAD_RTCP),
        (builders.rtcp(200, 0, bytes(20)), DropReason.BAD_RTCP),
        (builders.rtcp(200, 1, bytes(24)), DropReason.BAD_RTCP),
        (builders.rtcp(201, 31, bytes(24)), DropReason.BAD_RTCP),
        (builders.rtcp(202, 31, b""), DropReason.BAD_RTCP),
        (builders.rtcp(202, 1, bytes(4)), DropReason.BAD_RTCP),
        (builders.rtcp(202, 1, bytes(4) + b"\1\xffab"), DropReason.BAD_RTCP),
        (builders.rtcp(202, 1, bytes(4) + b"\1\2ab"), DropReason.BAD_RTCP),
        (builders.rtcp(203, 2, bytes(4)), DropReason.BAD_RTCP),
        (builders.rtcp(203, 0, b"\xffabc"), DropReason.BAD_RTCP),
        (builders.rtcp(205, 1, bytes(4)), DropReason.BAD_RTCP),
        (builders.rtcp(205, 1, bytes(12), padding=b"\1\1\1\1"), DropReason.BAD_RTCP),
        (builders.rtcp(206, 1, bytes(4)), DropReason.BAD_RTCP),
        (builders.rtcp(206, 4, bytes(12)), DropReason.BAD_RTCP),
        (builders.rtcp(206, 15, bytes(8) + b"REMB"), DropReason.BAD_RTCP),
        (builders.rtcp(206, 15, bytes(8) + b"REMB\xff\0\0\0"), DropReason.BAD_RTCP),
        (builders.rtcp(201, 0, bytes(4), padding=b"\0\0\0\0"), DropReason.BAD_PADDING),
        (builders.rtcp(201, 0, bytes(4), padding=b"\0\0\0\xff"), DropReason.BAD_PADDING),
        (b"\xa0\xc9\x00\x00", DropReason.BAD_PADDING),
    ],
)
def test_malformed_packets_are_refused_with_a_reason(data: bytes, reason: DropReason) -> None:
    with pytest.raises(RemoteError) as caught:
        parse_rtcp(data)
    assert caught.value.reason is reason


def test_one_bad_packet_spoils_its_compound_only() -> None:
    good = bytes(PictureLoss(1, 2))
    with pytest.raises(RemoteError):
        parse_rtcp(good + builders.rtcp(203, 1, b""))
    assert parse_rtcp(good) == (PictureLoss(1, 2),)


def test_lost_packets_are_clamped_to_24_bits() -> None:
    (parsed,) = parse_rtcp(bytes(ReceiverReport(1, (ReceptionReport(2, packets_lost=1 << 30),))))
    assert isinstance(parsed, ReceiverReport)
    assert parsed.reports[0].packets_lost == (1 << 23) - 1


def test_the_middle_of_an_ntp_time() -> None:
    assert middle_bits(0x1122_3344_5566_7788) == 0x3344_5566
