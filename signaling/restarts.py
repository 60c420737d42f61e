"""When to start a child again: at once, then later and later, then seldom.

Pure: told how long the child ran, it says how long to wait and whether to call it degraded.
"""

from dataclasses import dataclass, replace

# One that ran so long was well; whatever ended it is news and not a repetition.
HEALTHY_AFTER_S = 60.0
# After so many short lives in a row it is degraded: said so, and tried seldom.
BUDGET = 5
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 8.0
DEGRADED_DELAY_S = 30.0


@dataclass(frozen=True, slots=True)
class Restarts:
    """How often a child ended early since it was last well."""

    short_lives: int = 0

    @property
    def degraded(self) -> bool:
        return self.short_lives > BUDGET

    @property
    def delay_s(self) -> float:
        """How long to wait before the next start; the first restart does not wait."""
        if self.short_lives <= 1:
            return 0.0
        if self.degraded:
            return DEGRADED_DELAY_S
        return min(FIRST_DELAY_S * float(2 ** (self.short_lives - 2)), LONGEST_DELAY_S)

    def after(self, ran_s: float) -> "Restarts":
        """The state after one more end."""
        return replace(self, short_lives=1 if ran_s >= HEALTHY_AFTER_S else self.short_lives + 1)
