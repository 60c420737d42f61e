"""Which of a peer's paths carries what we send: decided by its checks (RFC 8445, 7.3.1.5).

Pure.  Knows priorities and times of checks.  It refuses to know paths and sockets.
"""

from sfu.stun import Check

# Some agents nominate every pair that they check, best or not, while they look for the best
# (RFC 5245, 8.1.1.2); a worse one has to wait for so long.
HOLDS_S = 1.0
# Browsers nominate with each check of the pair that they use, every 2.5 s.  Whoever has not done so
# for longer nominates once (aioice, libnice), and then checks only the pair in use (RFC 7675): a
# check from elsewhere says that its address has changed, and nothing else will ever say it.
RENEWED_WITHIN_S = 6.0


class Nomination:
    """The path in use, as far as checks tell of it."""

    def __init__(self, now: float) -> None:
        self._priority: int | None = None
        self._nominated_s = now

    def begin_again(self, now: float) -> None:
        """The peer has started ICE anew: what was nominated before counts no more."""
        self._priority, self._nominated_s = 0, now

    def moves_to(self, check: Check, now: float) -> bool:
        """Whether the path that was just checked is the one from now on."""
        since_s = now - self._nominated_s
        if self._priority is None:
            chosen = True
        elif check.nominated:
            chosen = check.priority >= self._priority or since_s > HOLDS_S
        else:
            return since_s > RENEWED_WITHIN_S
        if chosen:
            self._priority, self._nominated_s = check.priority, now
        return chosen
