"""Puts Candor together: the one place that knows every service, and none of what they do.

`open_candor(config)` opens the store, makes the services and starts the children; everything is
closed again, in the reverse order, at the end of the block.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version

import sqlalchemy as sa

from detection import Detection, DetectionWorkerSpec
from sfu import Sfu, WorkerSpec
from signaling.attendance import Attendance
from signaling.auth.accounts import Accounts
from signaling.auth.authenticators import Authenticators
from signaling.auth.confirming import Confirming
from signaling.auth.door import Door
from signaling.auth.guests import Guests
from signaling.auth.passkeys import Passkeys
from signaling.auth.passwords import Passwords
from signaling.auth.sessions import Lifetimes, Sessions
from signaling.auth.standing import Standing
from signaling.auth.tokens import Signer
from signaling.auth.webauthn import site_of
from signaling.calls import Calls
from signaling.challenges.ordering import Challenging
from signaling.challenges.under_way import Challenges
from signaling.chat import Chat, open_chat
from signaling.chores import over_and_over
from signaling.config import Config
from signaling.drafts import Drafts
from signaling.files import Files
from signaling.finding import Finding
from signaling.health import Health
from signaling.inspection import Inspector
from signaling.match_news import MatchTeller
from signaling.match_turn import Patience
from signaling.matching import Matching, Tries
from signaling.media import Media
from signaling.metrics import Metrics
from signaling.moderation import Moderation
from signaling.notices import Notices
from signaling.overview import Overview
from signaling.people import People
from signaling.presence import Presence
from signaling.proving.ordering import ProofOrders
from signaling.proving.under_way import Proving
from signaling.returning import Returning
from signaling.risk.gauges import Gauges
from signaling.risk.watching import Watching, compose
from signaling.rooms import Rooms
from signaling.shelf import Shelf
from signaling.store import Store, idempotency, matches, open_store, sessions
from signaling.streams import Streams
from signaling.supervisor import ChildSpec, Supervisor
from signaling.uploads import Uploads
from signaling.vault import FolderVault
from signaling.waiting_room import WaitingRoom

VERSION = version("candor")

SWEEP_EVERY_S = 3600.0
# Ended sessions are kept so long: "was I signed in from there?" is asked within days.
SESSIONS_KEPT = timedelta(days=90)
# An idempotency key is good for so long.
ANSWERS_KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Candor:
    """Every service of a running Candor."""

    config: Config
    now: Callable[[], datetime]
    store: Store
    streams: Streams
    passwords: Passwords
    sessions: Sessions
    accounts: Accounts
    guests: Guests
    standing: Standing
    door: Door
    authenticators: Authenticators
    passkeys: Passkeys
    people: People
    finding: Finding
    presence: Presence
    rooms: Rooms
    moderation: Moderation
    waiting_room: WaitingRoom
    files: Files
    uploads: Uploads
    calls: Calls
    overview: Overview
    matching: Matching
    match_teller: MatchTeller
    media: Media
    watching: Watching
    attendance: Attendance
    returning: Returning
    challenges: Challenges
    challenging: Challenging
    proving: Proving
    proof_orders: ProofOrders
    chat: Chat
    health: Health
    metrics: Metrics
    gauges: Gauges


def utc_now() -> datetime:
    """The clock of the store."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_candor(
    config: Config,
    children: Sequence[ChildSpec] = (),
    sfu: Sfu | None = None,
    detection: Detection | None = None,
) -> AsyncIterator[Candor]:
    """A Candor that works, without its door to the network.

    Without an `sfu` there is no media; without `detection` nobody is looked at.
    """
    specs = [
        *children,
        *(_child(spec) for spec in (sfu.worker_specs() if sfu else ())),
        *(_child(spec, needed=False) for spec in (detection.worker_specs() if detection else ())),
    ]
    async with (
        open_store(config.database_url) as store,
        Passwords(config.auth.password_hashers) as passwords,
        Supervisor(specs) as supervisor,
    ):
        candor = _compose(config, store, passwords, supervisor, sfu=sfu, detection=detection)
        await candor.moderation.restore()
        await candor.watching.deciding.restore()
        chores = [
            asyncio.create_task(candor.calls.watch()),
            asyncio.create_task(candor.challenges.watch()),
            asyncio.create_task(candor.proving.watch()),
            asyncio.create_task(candor.presence.watch()),
            asyncio.create_task(candor.match_teller.watch()),
            asyncio.create_task(candor.metrics.watch_loop()),
            *map(asyncio.create_task, _sweeps(store, candor.chat)),
            asyncio.create_task(candor.chat.bell.ring()),
            asyncio.create_task(candor.uploads.watch()),
            asyncio.create_task(candor.attendance.watch(candor.sessions.still_good)),
            *([asyncio.create_task(candor.media.watch())] if sfu else ()),
            *map(asyncio.create_task, candor.watching.chores(candor.challenging.hear)),
        ]
        try:
            yield candor
        finally:
            await candor.returning.close()
            for chore in chores:
                chore.cancel()
                with suppress(asyncio.CancelledError):
                    await chore


def _child(spec: WorkerSpec | DetectionWorkerSpec, *, needed: bool = True) -> ChildSpec:
    return ChildSpec(
        name=spec.name,
        argv=spec.argv,
        environment=spec.environment,
        heartbeat_timeout_s=spec.heartbeat_timeout_s,
        stop_grace_s=spec.stop_grace_s,
        memory_bytes=spec.memory_bytes,
        needed=needed,
    )


def _compose(
    config: Config,
    store: Store,
    passwords: Passwords,
    supervisor: Supervisor,
    *,
    sfu: Sfu | None,
    detection: Detection | None,
) -> Candor:
    signer = Signer(config.auth.secret)
    lifetimes = Lifetimes(
        access=timedelta(minutes=config.auth.access_minutes),
        session=timedelta(days=config.auth.session_days),
    )
    sessions_ = Sessions(store, signer, lifetimes, utc_now)
    guest_life = timedelta(hours=config.auth.guest_hours)
    door = Door(
        store,
        time.monotonic,
        logins_per_minute=config.limits.logins_per_minute,
        entries_per_hour=config.limits.registrations_per_hour,
    )
    confirming = Confirming(door, passwords)
    authenticators = Authenticators(store, door, confirming, config.auth.secret, utc_now)
    streams, attendance = Streams(store, utc_now), Attendance()
    presence = Presence(store, attendance, utc_now)
    for listener in (Notices(attendance).hear, presence.hear):
        streams.listen(listener)
    inspector = Inspector(config.files.longest_minutes)
    files, uploads = _files(config, store, inspector)
    match_teller = MatchTeller(store, attendance, utc_now)
    challenges = Challenges(store, attendance, detection, utc_now)
    watching = compose(
        config, store, streams, attendance, confirming, sfu=sfu, detection=detection, now=utc_now
    )
    proving = Proving(store, attendance, watching.board.shows_all, utc_now)
    media = Media(sfu, watching.looking)
    metrics = Metrics()
    return Candor(
        config=config,
        now=utc_now,
        store=store,
        streams=streams,
        passwords=passwords,
        sessions=sessions_,
        accounts=Accounts(store, passwords, sessions_, utc_now),
        guests=Guests(store, streams, passwords, sessions_, utc_now, life=guest_life),
        standing=Standing(store, utc_now),
        door=door,
        authenticators=authenticators,
        passkeys=Passkeys(store, door, confirming, site_of(config.http.public_url), utc_now),
        people=People(store, inspector, utc_now),
        finding=Finding(
            store, utc_now, time.monotonic, per_minute=config.limits.searches_per_minute
        ),
        presence=presence,
        rooms=Rooms(store, streams, signer, passwords, utc_now),
        moderation=Moderation(store, streams, media, utc_now),
        waiting_room=WaitingRoom(store, streams, media.expel, utc_now),
        files=files,
        uploads=uploads,
        calls=Calls(store, streams, media, utc_now),
        overview=Overview(store, utc_now),
        matching=_matching(config, store, streams, match_teller),
        match_teller=match_teller,
        media=media,
        watching=watching,
        attendance=attendance,
        returning=Returning(),
        challenges=challenges,
        challenging=Challenging(store, challenges, utc_now),
        proving=proving,
        proof_orders=ProofOrders(store, proving),
        chat=open_chat(
            store,
            streams,
            attendance,
            Shelf(files, config.files, utc_now),
            utc_now,
            reports_kept=timedelta(days=config.chat.keep_reports_days),
        ),
        health=Health(store, config.data, supervisor, watching.signals_off),
        metrics=metrics,
        gauges=Gauges(metrics.registry, store, watching.board, detection),
    )


def _files(config: Config, store: Store, inspector: Inspector) -> tuple[Files, Uploads]:
    folder = config.files_folder
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    vault, drafts = FolderVault(folder / "kept"), Drafts(folder / "drafts")
    files = Files(store, vault, utc_now)
    uploads = Uploads(
        store,
        files,
        vault=vault,
        drafts=drafts,
        inspector=inspector,
        settings=config.files,
        folder=folder,
        now=utc_now,
    )
    return files, uploads


def _matching(config: Config, store: Store, streams: Streams, teller: MatchTeller) -> Matching:
    tries = Tries(
        time.monotonic,
        per_minute=config.limits.matches_per_minute,
        per_minute_of_all=config.limits.matches_per_minute_of_all,
    )
    patience = Patience(
        wait=timedelta(seconds=config.matching.wait_seconds),
        answer=timedelta(seconds=config.matching.answer_seconds),
    )
    return Matching(store, streams, teller, tries, now=utc_now, patience=patience)


def _sweeps(store: Store, chat: Chat) -> Iterator[Coroutine[None, None, None]]:
    async def forget() -> None:
        await store.write(partial(_forget, now=utc_now()))

    yield over_and_over(SWEEP_EVERY_S, forget, "store.not_swept")
    yield over_and_over(SWEEP_EVERY_S, chat.keeping.sweep, "chat.not_swept")


def _forget(connection: sa.Connection, now: datetime) -> None:
    """What nobody will ask for any more."""
    sessions.forget_before(connection, now - SESSIONS_KEPT)
    idempotency.forget_before(connection, now - ANSWERS_KEPT)
    matches.forget(connection, now)
