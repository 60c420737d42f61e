"""Rows for tests of the store: valid ones, with only what a test is about spelled out."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from signaling.audit import Act, detail
from signaling.challenges.rules import Policy
from signaling.store import (
    Store,
    alerts,
    audit,
    authenticators,
    calls,
    captures,
    challenges,
    consents,
    enrolments,
    events,
    files,
    idempotency,
    matches,
    passkeys,
    proofs,
    risk_scores,
    rooms,
    sessions,
    thresholds,
    users,
    waiting,
    webhooks,
)
from signaling.store.alerts import Alert, AlertAct, Override
from signaling.store.calls import Call, Member
from signaling.store.captures import Capture
from signaling.store.challenges import Asked
from signaling.store.consents import Consent, DetectionRules
from signaling.store.enrolments import Enrolment, StoredTemplate
from signaling.store.events import News
from signaling.store.files import File, Part
from signaling.store.matches import Match
from signaling.store.passkeys import Passkey
from signaling.store.proofs import Proof
from signaling.store.risk_scores import StoredScore
from signaling.store.rooms import Invitation, Room
from signaling.store.schema import metadata
from signaling.store.sessions import Session
from signaling.store.users import User
from signaling.store.webhooks import Delivery, Webhook

NOW = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def user(id_: str = "u1", **more: Any) -> User:
    given = {"role": "caller", "name": id_, "name_key": id_, "created_at": NOW} | more
    return User(id=id_, **given)


def session(id_: str = "s1", **more: Any) -> Session:
    given = {
        "user_id": "u1",
        "kind": "bearer",
        "client_id": "",
        "address": "192.0.2.1",
        "agent": "test",
        "created_at": NOW,
        "used_at": NOW,
        "expires_at": LATER,
    }
    return Session(id=id_, **(given | more))


def room(id_: str = "r1", **more: Any) -> Room:
    given = {"title": "Room", "kind": "group", "capacity": 10, "created_at": NOW} | more
    return Room(id=id_, **given)


def invitation(id_: str = "i1", **more: Any) -> Invitation:
    given = {
        "code": f"code-{id_}",
        "room_id": "r1",
        "invited_by": "u1",
        "grants": ["speak", "see"],
        "uses_left": 1,
        "created_at": NOW,
        "expires_at": LATER,
    }
    return Invitation(id=id_, **(given | more))


def file(id_: str = "f1", **more: Any) -> File:
    given = {
        "room_id": "r1",
        "user_id": "u1",
        "state": "uploading",
        "name": "notes.txt",
        "charged": 10,
        "size": 10,
        "unopened": False,
        "created_at": NOW,
    }
    return File(id=id_, **(given | more))


def challenge(id_: str = "q1", **more: Any) -> Asked:
    given = {"room_id": "r1", "identity": "u1", "kind": "light", "why": "join"}
    given |= {"asked_by": "policy", "plan": "{}"}
    return Asked(id=id_, asked_at=NOW, **(given | more))


def consent(id_: str = "k1", **more: Any) -> Consent:
    given = {"room_id": "r1", "identity": "u1", "version": "1", "given_at": NOW} | more
    return Consent(id=id_, **given)


def alert(id_: str = "a1", **more: Any) -> Alert:
    given = {"room_id": "r1", "call_id": "c1", "identity": "u1", "severity": "low"}
    given |= {"state": "new", "raised_at": NOW, "last_at": LATER, "score_id": "s1"}
    given |= {"risk": 0.85, "confidence": 0.625}
    return Alert(id=id_, **(given | more))


def delivery(id_: str = "d1", **more: Any) -> Delivery:
    given = {"webhook_id": "w1", "event": "alert.raise", "body": "{}", "state": "waiting"} | more
    return Delivery(id=id_, attempts=0, made_at=NOW, next_at=NOW, **given)


def score(id_: str = "s1", **more: Any) -> StoredScore:
    given = {"room_id": "r1", "call_id": "c1", "identity": "u1", "at": NOW, "why": ""}
    given |= {"state": "no_sign", "risk": 0.1, "confidence": 0.25, "record": b"\0sealed"}
    return StoredScore(id=id_, **(given | more))


def part(name: str, digest: str = "a" * 64, size: int = 10) -> Part:
    return Part(name, digest, size, "application/octet-stream")


def act(subject: str = "", **values: str | int | bool | None) -> Act:
    return Act("u1", "test.done", subject, "192.0.2.1", detail(**values))


async def put(store: Store, *works: Callable[[sa.Connection], Any]) -> None:
    """All in one transaction."""
    await store.write(lambda connection: [work(connection) for work in works])


async def put_user(store: Store, id_: str = "u1", **more: Any) -> User:
    made = user(id_, **more)
    await store.write(lambda connection: users.add(connection, made))
    return made


async def put_room(store: Store, id_: str = "r1", owner: str = "u1") -> Room:
    made = room(id_)
    await store.write(lambda connection: rooms.add(connection, made, owner))
    return made


async def at_once(store: Store, times: int, work: Callable[[sa.Connection], Any]) -> list[Any]:
    """What `work` returned to each of many callers that came together; errors as values."""
    calls = (store.write(work) for _ in range(times))
    return await asyncio.gather(*calls, return_exceptions=True)


async def fill(store: Store) -> None:
    """One row of every kind at least, with values that are hard to carry."""
    await put_user(store, name="Ünïcødé 👩‍👩‍👧 \u202e", bio='"\\\n', ban_reason=None)
    await put_user(store, "u2", role="guest", name_key=None, password_hash="$argon2id$x")
    await put_room(store)
    await put(
        store,
        lambda c: users.set_avatar(c, "u1", "image/webp", bytes(range(256))),
        lambda c: users.note_seen(c, "u1", "busy", NOW),
        lambda c: sessions.add(c, session(grants={"base64": "not bytes"}), cookie_hash="c" * 64),
        lambda c: sessions.add(c, session("s2", user_id="u2", kind="cookie")),
        lambda c: sessions.add_refresh(c, "hash", "s1", NOW),
        lambda c: authenticators.begin(c, "u1", bytes(range(256)), NOW),
        lambda c: authenticators.add_recovery(c, "u1", ["d" * 64]),
        lambda c: enrolments.begin(c, Enrolment("u1", "1", NOW)),
        lambda c: enrolments.keep(c, StoredTemplate("u1", "face", bytes(range(256)), LATER)),
        lambda c: rooms.add_invitation(c, invitation()),
        lambda c: files.add(c, file(waveform=[1, 100])),
        lambda c: files.make_ready(c, "f1", {"kind": "voice"}, [part("content")]),
    )
    await _fill_meetings(store)
    await _fill_chat(store)
    for number in range(5):
        await store.write(lambda c, n=number: audit.record(c, act(str(n), number=n), NOW))


async def _fill_meetings(store: Store) -> None:
    """What happens in rooms, in calls, and to those who look for each other."""
    call = Call("c1", "r1", "video", "active", "u1", NOW, answered_at=LATER)
    happened = News("r1", "test", "u1", NOW, {"text": "\u202e \U0001f469", "count": 2**53})
    place = Match("u1", "number", "0007", "waiting", NOW, LATER, NOW)
    await put(
        store,
        lambda c: rooms.ban(c, "r1", "u2", "u1", NOW),
        lambda c: waiting.add(c, "r1", "u2", "guest", NOW),
        lambda c: events.append(c, happened),
        lambda c: calls.add(c, call),
        lambda c: calls.add_members(c, "c1", [Member("u1", "joined", NOW), Member("u2", "busy")]),
        lambda c: matches.put(c, place, NOW),
        lambda c: matches.note_declined(c, "u2", "u1", NOW),
        lambda c: challenges.set_policy(c, "r1", Policy(at_join="light", every_minutes=5)),
        lambda c: challenges.add(c, challenge(identity="robot \U0001f916", chance=0.001)),
        lambda c: consents.set_rules(c, "r1", DetectionRules(seen_by="hosts")),
        lambda c: consents.give(c, consent(identity="robot \U0001f916", withdrawn_at=LATER)),
        lambda c: passkeys.add(c, Passkey("y1", "u1", b"\0id", b"key", 2**32, "\U0001f511", NOW)),
        lambda c: proofs.add(c, Proof("x1", "r1", "c1", "u1", "host", "u2", NOW, since=LATER)),
        lambda c: risk_scores.add(c, [score()]),
        lambda c: alerts.add(c, alert()),
        lambda c: captures.add(c, Capture("p1", "a1", NOW, "image/jpeg", bytes(range(256)))),
        lambda c: webhooks.add(c, Webhook("w1", "https://x.test", bytes(range(256)), "u1", NOW)),
        lambda c: webhooks.queue(c, delivery(), 9),
        lambda c: thresholds.decide(c, {"raise_risk": 0.85}, "u1", NOW),
        lambda c: alerts.note(c, AlertAct("t1", "a1", NOW, "u1", "note", "\U0001f469")),
        lambda c: alerts.set_override(c, Override("r1", "c1", "u1", "no_sign", "x", "u2", NOW)),
        lambda c: idempotency.claim(c, "u1", "k1", "f" * 64, now=NOW, abandoned_before=NOW),
        lambda c: idempotency.keep(c, "u1", "k1", bytes(range(256))),
    )


async def _fill_chat(store: Store) -> None:
    """What is said in rooms, and what became of it."""
    message = {"id": "m1", "room_id": "r1", "sequence": 2, "sender": "u1", "client_id": "x"}
    message |= {"fingerprint": "f", "kind": "text", "text": "\U0001f469 hello", "posted_at": NOW}
    rows: dict[str, dict[str, Any]] = {
        "messages": message | {"mentions": ["u2"], "file": {"name": "a.png"}},
        "message_edits": {"sequence": 3, "text": "hallo", "edited_at": NOW, "edited_by": "u1"},
        "message_reactions": {"emoji": "\U0001f44b", "user_id": "u2", "reacted_at": NOW},
        "message_mentions": {"room_id": "r1", "user_id": "u2", "sequence": 2},
        "message_words": {"number": 2**40, "words": "hello"},
        "read_positions": {"room_id": "r1", "user_id": "u1", "read": 2, "read_at": NOW},
        "read_marks": {"room_id": "r1", "user_id": "u1", "read": 2, "read_at": NOW},
        "chat_rules": {"room_id": "r1", "read_only": True},
        "chat_blocks": {"user_id": "u1", "blocked_id": "u2", "blocked_at": NOW},
        "chat_reports": {"id": "p1", "room_id": "r1", "sender": "u1", "text": "hello"}
        | {"reported_by": "u2", "reason": "rude", "reported_at": NOW},
    }
    for name, values in rows.items():
        table = metadata.tables[name]
        more = {"message_id": "m1"} if "message_id" in table.c else {}
        await store.write(lambda c, t=table, v=values | more: c.execute(t.insert(), v))


def everything(connection: sa.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, in the order of their keys."""
    return {
        table.name: [
            tuple(row)
            for row in connection.execute(sa.select(table).order_by(*table.primary_key.columns))
        ]
        for table in metadata.sorted_tables
    }


def count(connection: sa.Connection, table: sa.Table) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
