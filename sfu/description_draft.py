"""The lines of a description, read one after the other within limits.

Knows each attribute that matters to us, and how long, how many and how large it may be.  It
refuses to know what the lines of an offer mean together (`description_parsing`).
"""

from collections.abc import Callable

from sfu.description import BadSdp, MediaKind

MAX_FORMATS = 40
MAX_CANDIDATES = 20
MAX_EXTENSIONS = 40
MAX_SOURCES = 24
MAX_ENCODINGS = 4

_MAX_IDENTIFIER_LENGTH = 64
_MAX_PARAMETERS_LENGTH = 500
_MAX_PAYLOAD_TYPE = 127
_MAX_EXTENSION_ID = 255

_DIGEST_LENGTHS = {"sha-256": 32, "sha-384": 48, "sha-512": 64}
_SETUPS = {"actpass", "active", "passive"}


class Draft:
    """The lines of one section, or of the part before the first, as far as they were read."""

    def __init__(self) -> None:
        self.kind = self.protocol = self.format_list = self.mid = ""
        self.direction = "sendrecv"
        self.port = 0
        self.payload_types: list[int] = []
        self.maps: dict[int, tuple[str, int, int]] = {}
        self.parameters: dict[int, str] = {}
        self.feedback: dict[int | None, set[str]] = {}
        self.extensions: dict[str, int] = {}
        self.sources: dict[int, None] = {}
        self.retransmission_sources: list[tuple[int, int]] = []
        self.candidates = 0
        self.flags: set[str] = set()
        self.ice_ufrag = self.ice_password = self.setup = ""
        self.fingerprints: list[tuple[str, str]] = []
        self.bundle: tuple[str, ...] = ()
        self.rids: dict[str, None] = {}
        self.simulcast: list[str] = []


def open_section(line: str) -> Draft:
    """The section that an m-line begins."""
    words = line[2:].split()
    if len(words) < 4:  # noqa: PLR2004 - kind, port, protocol, one format
        raise BadSdp("an m-line is cut off")
    draft = Draft()
    draft.kind, draft.protocol, draft.format_list = words[0], words[2], " ".join(words[3:])
    draft.port = _number(words[1].partition("/")[0], 65_535, "port")
    if draft.kind in set(MediaKind):
        if len(words) - 3 > MAX_FORMATS:
            raise BadSdp(f"an m-line has more than {MAX_FORMATS} formats")
        draft.payload_types = [payload_type(one) for one in words[3:]]
    return draft


def read_attribute(draft: Draft, attribute: str) -> None:
    """Take a line without its `a=` into a draft; what means nothing to us is passed over."""
    name, _, value = attribute.partition(":")
    read = _READERS.get(name)
    if read is not None:
        read(draft, value)
    elif name in _FLAGS:
        draft.flags.add(name)
    elif name in _DIRECTIONS:
        draft.direction = name


_FLAGS = {"rtcp-mux", "bundle-only"}
_DIRECTIONS = {"sendonly", "recvonly", "sendrecv", "inactive"}


def _number(text: str, maximum: int, what: str) -> int:
    # Short, ASCII: int() takes underscores, blanks and all the digits of the world.
    if not (text.isascii() and text.isdigit() and len(text) <= 10) or int(text) > maximum:  # noqa: PLR2004
        raise BadSdp(f"a {what} is not a number up to {maximum}")
    return int(text)


def payload_type(text: str) -> int:
    """The number in a text; BadSdp if it is none."""
    return _number(text, _MAX_PAYLOAD_TYPE, "payload type")


def _token(text: str, what: str) -> str:
    if not 0 < len(text) <= _MAX_IDENTIFIER_LENGTH or not text.isascii() or " " in text:
        raise BadSdp(f"a {what} is not a short word")
    return text


def _read_mid(draft: Draft, value: str) -> None:
    draft.mid = _token(value, "mid")


def _read_group(draft: Draft, value: str) -> None:
    semantics, _, mids = value.partition(" ")
    if semantics == "BUNDLE" and not draft.bundle:
        draft.bundle = tuple(mids.split())


def _read_map(draft: Draft, value: str) -> None:
    head, _, encoding = value.partition(" ")
    name, *rest = encoding.split("/")
    if not rest:
        raise BadSdp("an rtpmap has no clock rate")
    clock_rate_hz = _number(rest[0], 1_000_000, "clock rate")
    channels = _number(rest[1], 8, "number of channels") if len(rest) > 1 else 1
    if clock_rate_hz == 0:
        raise BadSdp("a clock rate is zero")
    draft.maps[_known(draft, head)] = (_token(name, "codec"), clock_rate_hz, channels)


def _read_parameters(draft: Draft, value: str) -> None:
    head, _, parameters = value.partition(" ")
    if len(parameters) > _MAX_PARAMETERS_LENGTH or not parameters.isascii():
        raise BadSdp("parameters of a format are too long")
    draft.parameters[_known(draft, head)] = parameters


def _read_feedback(draft: Draft, value: str) -> None:
    head, _, feedback = value.partition(" ")
    known = None if head == "*" else _known(draft, head)
    draft.feedback.setdefault(known, set()).add(feedback.strip())


def _known(draft: Draft, text: str) -> int:
    known = payload_type(text)
    if known not in draft.payload_types:
        raise BadSdp("an attribute speaks of a format that its m-line does not have")
    return known


def _read_extension(draft: Draft, value: str) -> None:
    head, _, uri = value.partition(" ")
    identifier = _number(head.partition("/")[0], _MAX_EXTENSION_ID, "header extension")
    if identifier == 0 or len(draft.extensions) >= MAX_EXTENSIONS:
        raise BadSdp("a header extension has number zero, or there are too many")
    draft.extensions[uri.partition(" ")[0]] = identifier


def _read_source(draft: Draft, value: str) -> None:
    draft.sources[_number(value.partition(" ")[0], 0xFFFF_FFFF, "source")] = None
    if len(draft.sources) > MAX_SOURCES:
        raise BadSdp(f"a section has more than {MAX_SOURCES} sources")


def _read_source_group(draft: Draft, value: str) -> None:
    sources = value.removeprefix("FID ").split()
    if value.startswith("FID ") and len(sources) == 2:  # noqa: PLR2004 - RFC 5576, 4.2
        media, retransmission = (_number(one, 0xFFFF_FFFF, "source") for one in sources)
        draft.retransmission_sources = [
            *draft.retransmission_sources[:MAX_SOURCES],
            (media, retransmission),
        ]


def _read_rid(draft: Draft, value: str) -> None:
    rid, _, direction = value.partition(" ")
    if direction.split(" ", maxsplit=1)[0] == "send" and len(draft.rids) <= MAX_ENCODINGS:
        if not rid.isascii() or not rid.replace("-", "").replace("_", "").isalnum():
            raise BadSdp("a RID is not a short word")
        draft.rids[_token(rid, "RID")] = None


def _read_simulcast(draft: Draft, value: str) -> None:
    """RFC 8853, 5.1: of alternatives the first is taken; a paused one may yet come."""
    words = value.split()
    for direction, streams in zip(words[::2], words[1::2], strict=False):
        if direction == "send":
            chosen = [stream.partition(",")[0].removeprefix("~") for stream in streams.split(";")]
            draft.simulcast = chosen[: MAX_ENCODINGS + 1]


def _read_candidate(draft: Draft, value: str) -> None:
    del value
    draft.candidates += 1
    if draft.candidates > MAX_CANDIDATES:
        raise BadSdp(f"a section has more than {MAX_CANDIDATES} candidates")


def _read_ufrag(draft: Draft, value: str) -> None:
    draft.ice_ufrag = value.strip()


def _read_password(draft: Draft, value: str) -> None:
    draft.ice_password = value.strip()


def _read_setup(draft: Draft, value: str) -> None:
    draft.setup = value.strip()
    if draft.setup not in _SETUPS:
        raise BadSdp("a=setup is none of actpass, active and passive")


def _read_fingerprint(draft: Draft, value: str) -> None:
    algorithm, _, digest = value.strip().partition(" ")
    algorithm = algorithm.lower()
    try:
        length = len(bytes.fromhex(digest.replace(":", "")))
    except ValueError:
        raise BadSdp("a fingerprint is not hexadecimal") from None
    if not digest or (algorithm in _DIGEST_LENGTHS and length != _DIGEST_LENGTHS[algorithm]):
        raise BadSdp("a fingerprint has not the length of its digest")
    if algorithm in _DIGEST_LENGTHS and len(draft.fingerprints) < len(_DIGEST_LENGTHS):
        draft.fingerprints.append((algorithm, digest.upper()))


_READERS: dict[str, Callable[[Draft, str], None]] = {
    "mid": _read_mid,
    "group": _read_group,
    "rtpmap": _read_map,
    "fmtp": _read_parameters,
    "rtcp-fb": _read_feedback,
    "extmap": _read_extension,
    "ssrc": _read_source,
    "ssrc-group": _read_source_group,
    "rid": _read_rid,
    "simulcast": _read_simulcast,
    "candidate": _read_candidate,
    "ice-ufrag": _read_ufrag,
    "ice-pwd": _read_password,
    "setup": _read_setup,
    "fingerprint": _read_fingerprint,
}
