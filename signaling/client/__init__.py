"""A caller without a head: joins rooms as a page does, for tests, load and people at a terminal."""

from signaling.client.caller import Caller, Refusal, connect

__all__ = ["Caller", "Refusal", "connect"]
