"""What we offer to a viewer, kept up with what is published in its room.

Knows a session, its room and the sections that it was offered.  It refuses to know commands and
the text of offers.
"""

from sfu.control import OfferedSource
from sfu.description import Outgoing
from sfu.offering import OfferedTrack, Offering
from sfu.session import Session


def drop_gone(session: Session, offering: Offering) -> None:
    """What is published no more is offered no more."""
    router = session.room.router
    published = router.published(session.publisher)
    for producer, mid in offering.producers.items():
        if producer not in published:
            offering.drop(producer)
            del session.names[producer]
            for ssrc in router.remove_track(session.name, mid):
                session.transport.forget_source(ssrc)


def add_new(session: Session, offering: Offering) -> None:
    """What others publish is offered, as far as there is room; nobody hears itself unasked."""
    router = session.room.router
    tracks = router.published(session.publisher)
    for producer in sorted(tracks.keys() - offering.producers.keys()):
        if router.owner(producer) == session.identity and session.publisher is None:
            continue
        names = router.names_for(session.name, producer)
        outgoing = Outgoing(producer, names.media.ssrc, names.again.ssrc)
        if offering.add(OfferedTrack(producer, tracks[producer], outgoing)) is not None:
            session.names[producer] = names


def sources_of(session: Session, offering: Offering) -> tuple[OfferedSource, ...]:
    """Whose tracks the sections carry."""
    router = session.room.router
    published = router.published(session.publisher)
    return tuple(
        OfferedSource(
            mid,
            router.session_of(producer),
            router.owner(producer),
            published[producer].mid,
            published[producer].kind,
            published[producer].codec,
        )
        for producer, mid in offering.producers.items()
    )
