"""Chores go on, whatever becomes of one turn."""

import asyncio

import pytest

from signaling.chores import over_and_over
from signaling.errors import Unavailable


@pytest.mark.parametrize(
    "trouble", [Unavailable("storage_unavailable", "It is away."), KeyError("ours")]
)
async def test_a_turn_that_fails_is_followed_by_the_next(trouble: Exception) -> None:
    turns: list[int] = []
    thrice = asyncio.Event()

    async def work() -> None:
        turns.append(len(turns))
        if len(turns) == 3:
            thrice.set()
        raise trouble

    chore = asyncio.create_task(over_and_over(0.0, work, "chore.failed"))
    async with asyncio.timeout(30):
        await thrice.wait()
    chore.cancel()
    with pytest.raises(asyncio.CancelledError):
        await chore
