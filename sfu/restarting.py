"""ICE restarts (RFC 8445, 9): a session is found by new credentials, and all else goes on.

Knows what an offer may change on such an occasion, which is nothing but its own credentials.  It
refuses to know commands.  Either all of a restart happens, or BadSdp is raised and nothing does.
"""

from collections.abc import Mapping, Sequence

import msgspec

from sfu.description import BadSdp, Local, Offer, Outgoing
from sfu.description_parsing import parse_offer
from sfu.fragment import fragment_text, parse_fragment
from sfu.publication import Track, answer_publication, plan_publication
from sfu.session import Session, remote_of
from sfu.subscription import Subscription, answer_subscription


def restart(session: Session, credentials: tuple[str, str]) -> None:
    """The next description of ours has them; the old ones serve until the new ones do."""
    _restart(session, _renewed(session.local, credentials))


def answer_restart(session: Session, description: str, credentials: tuple[str, str]) -> str:
    """What to say to a client that asked by an offer, or by a fragment of one."""
    local = _renewed(session.local, credentials)
    if description.startswith("v="):
        answer = _answer_offer(session, parse_offer(description), local)
    else:
        fragment = parse_fragment(description)
        if not fragment.ice_ufrag:
            raise BadSdp("a restart has new credentials")
        answer = fragment_text(fragment, local)
    _restart(session, local)
    return answer


def answer_same_publication(tracks: Sequence[Track], offer: Offer, local: Local) -> str:
    """The answer to another offer of these tracks."""
    if _outline(plan_publication(offer)) != _outline(tracks):
        raise BadSdp("a restart does not change what is sent")
    return answer_publication(offer, tracks, local)


def answer_same_subscription(
    subscriptions: Sequence[Subscription],
    outgoing: Mapping[str, Outgoing],
    offer: Offer,
    local: Local,
) -> str:
    """The answer to another offer that takes the same."""
    taken = {
        (section.mid, one.payload_type, one.name)
        for section in offer.sections
        if section.usable and section.receives
        for one in section.formats
    }
    if not {(one.mid, one.format.payload_type, one.format.name) for one in subscriptions} <= taken:
        raise BadSdp("a restart does not change what is received")
    return answer_subscription(offer, subscriptions, outgoing, local)


def _answer_offer(session: Session, offer: Offer, local: Local) -> str:
    if session.answering is None:
        raise BadSdp("this session answers offers, and makes none")
    # The handshake is not repeated, so nobody else can have taken over.
    if not session.transport.expects(remote_of(offer)):
        raise BadSdp("a restart does not change the certificate")
    return session.answering(offer, local)


def _outline(tracks: Sequence[Track]) -> list[tuple[str, str, int, str, tuple[str, ...]]]:
    return [
        (track.mid, track.kind, track.format.payload_type, track.codec, track.rids)
        for track in tracks
    ]


def _renewed(local: Local, credentials: tuple[str, str]) -> Local:
    ufrag, password = credentials
    return msgspec.structs.replace(
        local, ice_ufrag=ufrag, ice_password=password, version=local.version + 1
    )


def _restart(session: Session, local: Local) -> None:
    session.local = local
    session.transport.restart((local.ice_ufrag, local.ice_password))
