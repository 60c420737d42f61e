"""A network of its own for browsers that gather no candidate of the loopback.

Knows how to make and to remove a Linux network namespace with one address and a default route.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

HOST = "10.77.0.1"
NEIGHBOUR = "10.77.0.2"


def why_not() -> str | None:
    """Why no namespace can be made here; None if one can."""
    if shutil.which("ip") is None:
        return "the command ip is not installed"
    if os.geteuid() != 0:
        return "only root makes network namespaces"
    probe = f"candor-probe-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", probe], capture_output=True, check=False).returncode:
        return "the system lets nobody make network namespaces"
    subprocess.run(["ip", "netns", "delete", probe], check=True)
    return None


@contextmanager
def namespace() -> Iterator[list[str]]:
    """What to write before a command that shall run in it; gone after the block."""
    name = f"candor-{os.getpid()}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        for command in (
            "link set lo up",
            "link add outside type veth peer name inside",
            f"address add {HOST}/24 dev outside",
            "link set outside up",
            "link set inside up",
            f"route add default via {NEIGHBOUR}",
        ):
            subprocess.run(["ip", "-n", name, *command.split()], check=True)
        yield ["ip", "netns", "exec", name]
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)
