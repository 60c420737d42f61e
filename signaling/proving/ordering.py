"""Who may have somebody asked to prove their account, and whether there is anything to prove."""

import sqlalchemy as sa

from signaling.auth.identity import Person
from signaling.errors import Refused
from signaling.proving.rules import Asked
from signaling.proving.under_way import Order, Proving
from signaling.rooms import say_in_call
from signaling.store import Store, proofs, users
from signaling.store.proofs import Proof

OTHERWISE = "Only moderators and operators ask for a proof."


class ProofOrders:
    """The service."""

    def __init__(self, store: Store, under_way: Proving) -> None:
        self._store = store
        self._under_way = under_way

    async def ask(self, who: Person, call_id: str, identity: str, address: str) -> Asked:
        """For a moderator or an operator: ask somebody who is in a call that is under way."""
        call, why = await self._store.read(lambda c: say_in_call(c, who, call_id, OTHERWISE))
        if not call.open:
            raise Refused("call_over")
        # First of all: nobody is to learn anything of accounts that are not here.
        self._under_way.device_of(call.room_id, identity)
        account, ways = await self._store.read(lambda c: _provable(c, identity))
        order = Order(
            room=call.room_id,
            call=call_id,
            identity=identity,
            account=account,
            ways=ways,
            why=why,
            asker=who.user.id,
            asker_name=who.user.nickname or who.user.name,
            address=address,
        )
        return await self._under_way.ask(order)

    async def history(self, who: Person, call_id: str, before: str, limit: int) -> list[Proof]:
        """Who was asked in a call, the newest first."""

        def work(connection: sa.Connection) -> list[Proof]:
            say_in_call(connection, who, call_id, OTHERWISE)
            return proofs.of_call(connection, call_id, before, limit)

        return await self._store.read(work)


def _provable(connection: sa.Connection, identity: str) -> tuple[str, tuple[str, ...]]:
    """The name of an account, and by what it can be proved."""
    account = users.by_id(connection, identity)
    if account is None or account.role == "guest":
        raise Refused("no_account")
    ways = proofs.ways_of(connection, identity)
    if not ways:
        raise Refused("no_proof_set_up")
    return account.name, ways
