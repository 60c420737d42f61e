"""How media is set up: for the whole, and for one of its processes.

Knows defaults and nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from sfu.tapping import TapPolicy


@dataclass(frozen=True, slots=True)
class SfuConfig:
    """What the operator decides."""

    workers: int = 1
    """Media processes; one for each core that is given to media."""
    bind_hosts: tuple[str, ...] = ("0.0.0.0",)  # noqa: S104 - media is for everybody
    """Local addresses to listen on, IPv4 or IPv6."""
    advertised_hosts: tuple[str, ...] = ()
    """Addresses that clients are told; empty: those bound, or that of the default route."""
    first_port: int = 0
    """The first process listens here, the next one above it; 0: free ones."""
    runtime_directory: Path | None = None
    """Where the control socket lies; None: a directory of its own, gone afterwards."""
    max_sessions: int = 2000
    """Publishing and watching connections of one process."""
    worker_patience_s: float = 3.0
    """How long a join waits for a process that is being started."""
    memory_bytes: int | None = None
    """Limit on the address space of a process."""
    tap_socket: Path | None = None
    """Where somebody listens to frames of those who agreed to it; None: nobody ever does."""
    tap_policy: TapPolicy = TapPolicy()
    """How much of their tracks goes there, unless the listener wishes otherwise."""


class WorkerConfig(msgspec.Struct, frozen=True):
    """What a process is told on its command line, as JSON; nothing in it is secret."""

    name: str
    control: str
    bind_hosts: tuple[str, ...]
    advertised_hosts: tuple[str, ...]
    port: int
    max_sessions: int
    tap_socket: str | None = None
    tap_policy: TapPolicy = TapPolicy()


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """A child process to start, to watch and to start again.

    It writes to the pipe whose number is in CANDOR_HEARTBEAT_FD at least once a second, leaves at
    the end of its standard input, and leaves on SIGTERM.
    """

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    heartbeat_timeout_s: float = 3.0
    stop_grace_s: float = 5.0
    memory_bytes: int | None = None
