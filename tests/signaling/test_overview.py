"""What operators look over: found by words, for them alone, and never without a trace."""

import json

import pytest

from signaling.store import audit
from tests.client import PASSWORD, Client
from tests.signaling.test_calls import Stage, some_history, stage

__all__ = ["stage"]


async def operator(stage: Stage) -> Client:
    """Somebody who belongs to no room."""
    await stage.candor.accounts.create("otto", PASSWORD, "operator")
    return stage.client.as_((await stage.client.login("otto")).body["access_token"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [3, 2, 1, 0]),
        ("words=TE", [1, 0]),
        ("words=Bob", [2, 1, 0]),
        ("words=cyd&state=ended", [3]),
        ("words=%25", []),
        ("room=tea&medium=audio", [0]),
    ],
)
async def test_operators_find_calls_of_others(
    stage: Stage, query: str, expected: list[int]
) -> None:
    made = await some_history(stage)
    otto = await operator(stage)
    page = (await otto.get(f"/api/v1/operators/calls?{query}")).body
    assert [call["id"] for call in page["calls"]] == [made[i]["id"] for i in expected]
    assert (await otto.get("/api/v1/calls/history")).body["calls"] == []


async def test_who_looked_for_whom_is_audited(stage: Stage) -> None:
    await stage.add("ann")
    otto = await operator(stage)
    await otto.get("/api/v1/operators/calls?words=ann")
    assert (await stage.people["ann"].get("/api/v1/operators/calls")).code == "forbidden"
    log = await stage.candor.store.read(lambda c: audit.page(c, None, 50))
    looks = [entry.act for entry in log if entry.act.action == "calls.list"]
    assert [json.loads(act.detail)["words"] for act in looks] == ["ann"]
