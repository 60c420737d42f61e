"""When something was taken, on its publisher's own clock, from the numbers of its track. Pure."""

_WRAP = 1 << 32
_HALF = 1 << 31
_NTP_FRACTION = 1 << 32
RATES_HZ = {"audio": 48_000, "video": 90_000}


class MediaClock:
    """Of one track.

    Until the publisher has told its clock, times are those of the first arrival and on; from then
    on they are the publisher's, where sound and picture of one publisher compare.
    """

    def __init__(self, kind: str) -> None:
        self._rate_hz = RATES_HZ.get(kind, 90_000)
        self._reference: tuple[int, float] | None = None

    def tell(self, timestamp: int, ntp_time: int) -> None:
        self._reference = (timestamp, ntp_time / _NTP_FRACTION)

    def media_s(self, timestamp: int, arrived_s: float) -> float:
        if self._reference is None:
            self._reference = (timestamp, arrived_s)
        known, known_s = self._reference
        passed = (timestamp - known + _HALF) % _WRAP - _HALF
        return known_s + passed / self._rate_hz
