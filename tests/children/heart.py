"""A child for the supervisor's tests: beats, and misbehaves in one way if it is told to.

`python -m tests.children.heart [deaf | flood | PATH]`: `deaf` ignores SIGTERM, `flood` writes
to standard error without end, and a PATH gets the child's process number.
"""

import os
import select
import signal
import sys
from pathlib import Path

FLOOD = b"all work and no play\n" * 1000


def main(manner: str = "") -> None:
    if manner == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    elif manner not in ("", "flood"):
        Path(manner).write_text(str(os.getpid()))
    heartbeat = int(os.environ["CANDOR_HEARTBEAT_FD"])
    while True:
        os.write(heartbeat, b".")
        if manner == "flood":
            os.write(2, FLOOD)
        # The parent never writes here: readable means that it is gone.
        if select.select([0], [], [], 0.05)[0]:
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
