"""A headless caller that chats."""

import asyncio

from signaling.client import Talk, connect
from signaling.client.visit import Plan, visit
from signaling.protocol import Receipt
from tests.signaling.test_chat import Room, room

__all__ = ["room"]
WITHIN_S = 30.0


async def test_two_callers_talk_and_lose_nothing_when_a_socket_is_cut(room: Room) -> None:
    ada, bob = room.people["ada"], room.people["bob"]
    async with (
        asyncio.timeout(WITHIN_S),
        connect(ada.address, str(ada.token)) as speaker,
        connect(bob.address, str(bob.token)) as hearer,
    ):
        await speaker.enter("tea")
        await hearer.enter("tea")
        said, heard = Talk(speaker, "tea"), Talk(hearer, "tea")
        first = await said.send_message("hello", "one")
        repeated = await said.send_message("hello", "one")
        assert (repeated.sequence, repeated.again) == (first.sequence, True)
        await speaker._socket.close()
        second = await said.send_message("there")
        told = [await heard.receive_message() for _ in range(2)]
        assert [event.body["text"] for event in told] == ["hello", "there"]
        assert [event.sequence for event in told] == [first.sequence, second.sequence]
        assert (await said.receive_message()).body["client_id"] == "one"
        await heard.mark_message_read(second.sequence)
        while not any(isinstance(each, Receipt) and each.read for each in speaker.told):
            await asyncio.sleep(0.01)


async def test_a_visit_says_something_and_reports_where(room: Room) -> None:
    ada = room.people["ada"]
    plan = Plan(ada.address, str(ada.token), "tea", None, subscribe=False, seconds=0, say="hello")
    report = await visit(plan)
    said = (await room.page("bob"))[-1]
    assert (said["text"], said["sequence"]) == ("hello", report.said)
