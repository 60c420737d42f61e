"""What an offer wants to send, read from its lines before anything else looks at it.

Pure.  It knows sections, MIDs and directions; codecs and all the rest are `sfu`'s.
"""

from collections.abc import Mapping

# What a section is where nobody says it.
USUAL = {"audio": "microphone", "video": "camera"}
KINDS = {"microphone": "audio", "screen_audio": "audio", "camera": "video", "screen": "video"}


def sources(offer: str, named: Mapping[str, str]) -> dict[str, str]:
    """By MID, the source of each section that sends; ValueError for a name that does not fit."""
    found: dict[str, str] = {}
    for kind, mid, sends in _sections(offer):
        if not sends or kind not in USUAL:
            continue
        source = named.get(mid, USUAL[kind])
        if KINDS[source] != kind:
            raise ValueError(f"section {mid} is {kind}, and cannot be the {source}")
        found[mid] = source
    missing = named.keys() - found.keys()
    if missing:
        raise ValueError(f"no section that sends has the MID {min(missing)}")
    return found


def _sections(offer: str) -> list[tuple[str, str, bool]]:
    """(kind, MID, whether it sends) of each section."""
    found: list[tuple[str, str, bool]] = []
    sends = True
    for line in offer.splitlines():
        if line.startswith("m="):
            found.append((line[2:].split(" ", 1)[0], "", sends))
        elif line.startswith("a=mid:") and found:
            kind, _, may = found[-1]
            found[-1] = (kind, line[6:].strip(), may)
        elif line.strip() in {"a=recvonly", "a=inactive", "a=sendonly", "a=sendrecv"}:
            may = line.strip() in {"a=sendonly", "a=sendrecv"}
            if found:
                found[-1] = (*found[-1][:2], may)
            else:
                sends = may
    return found
