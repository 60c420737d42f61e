"""What the server tells about proofs of an account."""

from datetime import datetime

from signaling.protocol.shapes import Telling


class ProofAsked(Telling, frozen=True):
    """This device is asked to prove the account that it is here with. `why` is `host` or
    `operator`, `by` the name of whoever asks, `ways` what this account can be proved by:
    `passkey`, `authenticator`. It may be refused, until `expires_at`; the page closes it at
    `proof_ended`."""

    proof: str
    room: str
    why: str
    by: str
    ways: tuple[str, ...]
    expires_at: datetime


class ProofEnded(Telling, frozen=True):
    """What became of a proof that this device was asked for. `outcome` is `proved`, `refused`,
    `failed` or `expired`; `reason` a code for words, or empty."""

    proof: str
    outcome: str
    reason: str


class ProofNews(Telling, frozen=True):
    """How it stands with somebody's proof of their account, for those who see their score, and for
    whoever moderates the room; shown beside the score, of which it is no part. `state` is `asked`,
    one of the outcomes of `proof_ended`, or `over`: nothing of it counts any more, because the
    device left, another came, or it is asked anew. `account` is the account's name, `way` by what
    it was proved (`passkey`, `authenticator` or `recovery_code`), `since` since when that was set
    up."""

    proof: str
    room: str
    call: str
    identity: str
    account: str
    state: str
    at: datetime
    reason: str = ""
    way: str = ""
    since: datetime | None = None
