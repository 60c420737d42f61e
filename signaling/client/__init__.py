"""A caller without a head: joins rooms as a page does, for tests, load and people at a terminal."""

from signaling.client.caller import Caller, Refusal, connect
from signaling.client.talking import Talk

__all__ = ["Caller", "Refusal", "Talk", "connect"]
