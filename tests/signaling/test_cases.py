"""Cases: exported whole, and proving themselves to anybody."""

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from detection import Captured, Outcome
from signaling.app import Candor
from signaling.commands import main
from signaling.risk.case_archive import Damaged, public_key, signing_key, verified, written
from signaling.risk.cases import refuse_scores_that_do_not_follow
from signaling.store import alerts, risk_scores
from tests.client import Client
from tests.conftest import SECRET
from tests.signaling.test_challenges import answer, score
from tests.signaling.test_explaining import stored
from tests.signaling.test_risk import operator
from tests.store.rows import NOW, alert, put

KEY = signing_key("a secret")
WHEN = datetime(2030, 1, 1, tzinfo=UTC)
ENTRIES = {"alert.json": b"{}", "captures/p1.jpg": bytes(range(256))}
ARCHIVE = written("a1", ENTRIES, KEY, WHEN)


def test_what_is_exported_holds() -> None:
    case = verified(ARCHIVE)
    assert case.entries == ENTRIES
    assert (case.manifest.case, case.manifest.made_at) == ("a1", WHEN)
    assert case.manifest.public_key == public_key(KEY) == public_key(signing_key("a secret"))
    assert written("a1", ENTRIES, KEY, WHEN) == ARCHIVE


Files = dict[str, bytes]


def repacked(change: Callable[[Files], None]) -> bytes:
    """The archive after somebody has been at it."""
    with zipfile.ZipFile(io.BytesIO(ARCHIVE)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def resigned(files: Files) -> None:
    """By somebody else, who leaves the key in the manifest."""
    files["signature"] = signing_key("another").sign(files["manifest.json"]).hex().encode()


def renamed(files: Files) -> None:
    files["manifest.json"] = files["manifest.json"].replace(b'"a1"', b'"a2"')


CHANGES: dict[str, Callable[[Files], object]] = {
    "an entry was changed": lambda files: files.update({"alert.json": b"[]"}),
    "an entry is gone": lambda files: files.pop("alert.json"),
    "an entry was added": lambda files: files.update({"more.json": b"{}"}),
    "the manifest was changed": renamed,
    "the manifest is gone": lambda files: files.pop("manifest.json"),
    "the signature is gone": lambda files: files.pop("signature"),
    "it was signed by another": resigned,
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_was_changed_does_not_hold(case: str) -> None:
    def change(files: Files) -> None:
        CHANGES[case](files)

    with pytest.raises(Damaged):
        verified(repacked(change))


def test_a_bomb_is_not_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"{number}", bytes(100 << 20))
    with pytest.raises(Damaged, match="larger"):
        verified(out.getvalue())


@given(st.binary(max_size=300), st.integers(0, len(ARCHIVE) - 1), st.binary(min_size=1, max_size=4))
def test_any_bytes_hold_or_are_damaged(data: bytes, place: int, change: bytes) -> None:
    for one in (data, ARCHIVE[:place] + change + ARCHIVE[place + len(change) :], ARCHIVE[:place]):
        with suppress(Damaged):
            assert verified(one).entries == ENTRIES


async def fill(candor: Candor) -> None:
    """An alert with a score that it stands on, a picture, and what an operator did."""
    failed = msgspec.structs.replace(answer("q1", Outcome.FAILED), log_likelihood_ratio=2.5)
    one = stored(score(failed).record)
    await put(
        candor.store,
        lambda c: risk_scores.add(c, [one]),
        lambda c: alerts.add(c, alert(room_id="tea", identity="ada", raised_at=NOW)),
    )
    await candor.watching.evidence.keep(Captured("a1", b"a jpeg", b"a wav"))


async def test_a_case_holds_everything_and_says_who_exported_it(
    candor: Candor, client: Client, tmp_path: Path
) -> None:
    await fill(candor)
    olga = await operator(candor, client)
    await olga.post("/api/v1/alerts/a1/acts", {"act": "escalate", "note": "Look at this."})
    reply = await olga.get("/api/v1/alerts/a1/case")
    assert reply.headers["Content-Type"] == "application/zip"
    case = verified(reply.body)
    assert refuse_scores_that_do_not_follow(case) == 1
    pictures = [content for name, content in case.entries.items() if name.endswith(".jpg")]
    assert pictures == [b"a jpeg"]
    assert b"Look at this." in case.entries["acts.json"]
    actions = [one["act"]["action"] for one in msgspec.json.decode(case.entries["audit.json"])]
    assert actions == ["alert.escalate", "case.export"]
    assert (await olga.get("/api/v1/alerts/none/case")).code == "not_found"
    file = tmp_path / "case.zip"
    file.write_bytes(reply.body)
    key = public_key(signing_key(SECRET))
    for arguments, code, words in (
        ([str(file)], 0, "1 scores made again, all the same"),
        ([str(file), "--key", key], 0, f"signed with public key {key}"),
        ([str(file), "--key", "00"], 1, "signed with another key"),
    ):
        done = CliRunner().invoke(main, ["verify", *arguments])
        assert (done.exit_code, words in done.output) == (code, True), done.output
    file.write_bytes(reply.body[:-5])
    assert CliRunner().invoke(main, ["verify", str(file)]).exit_code == 1


async def test_a_score_in_a_case_follows_from_its_record(candor: Candor) -> None:
    await fill(candor)
    case = verified(await candor.watching.cases.export("olga", "a1", ""))
    entries = dict(case.entries)
    entries["scores/s1.json"] = entries["scores/s1.json"].replace(b'"suspicious"', b'"no_sign"')
    forged = verified(written("a1", entries, KEY, WHEN))
    with pytest.raises(Damaged, match="another score follows"):
        refuse_scores_that_do_not_follow(forged)
