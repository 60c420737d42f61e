"""`candor explain`: a stored score, made again."""

import asyncio
from dataclasses import replace

import msgspec
import pytest
from click.testing import CliRunner

from detection import Outcome, Record, State, judge
from signaling.commands import main
from signaling.config import Config
from signaling.risk.records import Records
from signaling.store import open_store, risk_scores
from signaling.store.risk_scores import StoredScore
from tests.conftest import SECRET
from tests.signaling.test_challenges import answer, score
from tests.store.rows import NOW

MODEL = "a-package:mesh 1.2.3 " + "ab" * 32


def stored(record: Record) -> StoredScore:
    said = judge(record)
    sealed = Records(SECRET).close(record, "s1")
    values = (said.state.value, said.why, said.risk, said.confidence, sealed)
    return StoredScore("s1", "tea", "c1", "ada", NOW, *values)


@pytest.fixture
def record() -> Record:
    """A failed challenge, with a model that took part."""
    failed = answer("q1", Outcome.FAILED)
    failed = msgspec.structs.replace(failed, log_likelihood_ratio=2.5, models=(MODEL,))
    return msgspec.structs.replace(score(failed).record, previous=State.NO_SIGN)


def told(config: Config, name: str = "s1", secret: str = SECRET) -> tuple[int, str]:
    """What the command says, and how it ends."""
    environment = {"CANDOR_AUTH_SECRET": secret}
    arguments = ["explain", name, "--data", str(config.data)]
    done = CliRunner().invoke(main, arguments, env=environment)
    return done.exit_code, done.output


async def keep(config: Config, one: StoredScore) -> None:
    async with open_store(config.database_url) as store:
        await store.write(lambda c: risk_scores.add(c, [one]))


def test_a_score_is_made_again_line_by_line_with_its_models(config: Config, record: Record) -> None:
    asyncio.run(keep(config, stored(record)))
    code, text = told(config)
    assert code == 0
    assert "made again by version 1: the same" in text
    assert "light v1 failed" in text
    assert f"by {MODEL}" in text
    assert "no_sign before, suspicious now" in text


def test_a_score_that_is_not_what_follows_is_named(config: Config, record: Record) -> None:
    asyncio.run(keep(config, replace(stored(record), risk=0.01)))
    code, text = told(config)
    assert code == 1
    assert "ANOTHER score" in text


def test_a_record_that_was_changed_or_is_not_there_says_so(config: Config, record: Record) -> None:
    one = stored(record)
    asyncio.run(keep(config, replace(one, record=one.record[:-1] + b"x")))
    for name, words in (("s1", "was changed"), ("s2", "there is no score s2")):
        code, text = told(config, name)
        assert (code, words in text) == (1, True)
