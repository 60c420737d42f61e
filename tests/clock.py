"""The server's clock, moved by hand."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from signaling.app import utc_now


@dataclass
class Clock:
    """Stands still unless it is moved."""

    moment: datetime = field(default_factory=utc_now)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, by: float | timedelta) -> None:
        """By so long, or by so many seconds."""
        self.moment += by if isinstance(by, timedelta) else timedelta(seconds=by)
