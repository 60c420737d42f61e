"""What strangers sent, opened where it can do no harm.

A decoder that is fooled takes its child process with it and nothing else: the child has little
memory and little time, sees the one file and no secret, and what it says is checked like anything
that comes from outside.  `natures` tells by the first bytes what is given to a decoder at all;
`children` runs the child, `__main__` is the child, `images` and `media` work inside it.
"""

from signaling.inspection.inspector import Inspector
from signaling.inspection.report import Report

__all__ = ["Inspector", "Report"]
