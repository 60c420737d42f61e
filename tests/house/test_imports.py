"""Who may import whom: the house rules of the README's map, held by reading every file."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("sfu", "detection", "signaling")

# package: what it must never import.
FORBIDDEN = {
    "sfu": {"aiohttp", "sqlalchemy", "alembic", "signaling", "detection"},
    "detection": {"aiohttp", "aiortc", "aioice", "sqlalchemy", "sfu", "signaling"},
    "signaling": set[str](),
}

# library: the only places that may import it, as prefixes of module names.
ONLY_IN = {
    "sqlalchemy.create_engine": ("signaling.store",),
    "alembic": ("signaling.store",),
    "sqlite3": ("signaling.store", "signaling.commands"),
    "aiohttp": ("signaling.http", "signaling.client"),
    "aiortc": ("sfu.transport", "signaling.client"),
    "aioice": ("sfu.transport", "signaling.client"),
    "argon2": ("signaling.auth.passwords",),
    "jwt": ("signaling.auth.tokens",),
    "PIL": ("signaling.inspection",),
    "click": ("signaling.commands",),
    "av": (
        "detection.decoder",
        "detection.evaluate",
        "detection.keepsake",
        "detection.mapping",
        "detection.scaling",
        "detection.sending",
        "signaling.client",
        "signaling.inspection.bare",
        "signaling.inspection.media",
    ),
}

# HTTP modules that know aiohttp; the handlers beside them do not.
SPEAKS_AIOHTTP = {
    "signaling.http.gate",
    "signaling.http.origins",
    "signaling.http.pages",
    "signaling.http.posting",
    "signaling.http.requests",
    "signaling.http.responses",
    "signaling.http.server",
    "signaling.http.websocket",
}

PURE = (
    "detection.challenge",
    "detection.evidence",
    "detection.fusion",
    "detection.headers",
    "detection.light_response",
    "detection.clocks",
    "detection.lip_timing",
    "detection.media",
    "detection.repetition",
    "detection.notes",
    "detection.policy",
    "detection.wire",
    "detection.signals",
    "detection.skin",
    "detection.weighing",
    "sfu.allocation",
    "sfu.bandwidth",
    "sfu.codecs",
    "sfu.compatibility",
    "sfu.consumer",
    "sfu.delay_trend",
    "sfu.description",
    "sfu.description_draft",
    "sfu.description_parsing",
    "sfu.description_text",
    "sfu.encoding",
    "sfu.fragment",
    "sfu.errors",
    "sfu.frames",
    "sfu.history",
    "sfu.layers",
    "sfu.nomination",
    "sfu.offering",
    "sfu.probing",
    "sfu.producer",
    "sfu.publication",
    "sfu.rates",
    "sfu.reception",
    "sfu.rewriter",
    "sfu.route",
    "sfu.router",
    "sfu.rtcp",
    "sfu.rtp",
    "sfu.stream",
    "sfu.speaker",
    "sfu.stun",
    "sfu.subscriber",
    "sfu.subscription",
    "sfu.survey",
    "sfu.tap_messages",
    "sfu.tapping",
    "sfu.transport_feedback",
    "signaling.addresses",
    "signaling.risk.alert_rules",
    "signaling.audit",
    "signaling.auth.grants",
    "signaling.auth.names",
    "signaling.auth.cbor",
    "signaling.auth.totp",
    "signaling.auth.webauthn",
    "signaling.call_rules",
    "signaling.risk.case_archive",
    "signaling.challenges.messages",
    "signaling.challenges.rules",
    "signaling.errors",
    "signaling.risk.explaining",
    "signaling.file_names",
    "signaling.frames",
    "signaling.http.openapi",
    "signaling.http.ranges",
    "signaling.inspection.natures",
    "signaling.inspection.report",
    "signaling.limits",
    "signaling.lines",
    "signaling.offered",
    "signaling.outside",
    "signaling.protocol",
    "signaling.protocol.answers",
    "signaling.protocol.closing",
    "signaling.protocol.codec",
    "signaling.protocol.news",
    "signaling.protocol.proof_news",
    "signaling.protocol.risk_news",
    "signaling.protocol.said",
    "signaling.protocol.shapes",
    "signaling.proving.messages",
    "signaling.proving.rules",
    "signaling.restarts",
    "signaling.risk.messages",
    "signaling.risk.rules",
    "signaling.webhook_rules",
)
NOT_IN_PURE = {"asyncio", "socket", "time", "random", "logging", "threading"}

NO_SUCH_MODULES = {"utils", "util", "common", "helpers", "helper", "misc"}


def modules() -> Iterator[tuple[str, Path]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def imports(path: Path) -> Iterator[str]:
    """Every absolute name that a file imports, at whatever depth."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_in(module: str, prefixes: tuple[str, ...]) -> bool:
    return any(module == prefix or module.startswith(prefix + ".") for prefix in prefixes)


ALL = list(modules())


@pytest.mark.parametrize(("module", "path"), ALL, ids=[module for module, _ in ALL])
def test_a_module_imports_only_what_it_may(module: str, path: Path) -> None:
    package = module.split(".", maxsplit=1)[0]
    for name in imports(path):
        top = name.split(".", maxsplit=1)[0]
        assert top not in FORBIDDEN[package], f"{module} imports {name}"
        for library, places in ONLY_IN.items():
            if _is_in(name, (library,)):
                assert _is_in(module, places), f"{module} imports {name}"
        if package == "signaling" and top in ("sfu", "detection"):
            assert name.count(".") <= 1, f"{module} reaches inside {top}: {name}"
        if top == "aiohttp" and _is_in(module, ("signaling.http",)):
            assert module in SPEAKS_AIOHTTP, f"{module} knows aiohttp"


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_knows_no_time_and_no_outside(module: str) -> None:
    path = dict(ALL)[module]
    outside = {name for name in imports(path) if name.split(".", maxsplit=1)[0] in NOT_IN_PURE}
    assert not outside


def test_nothing_is_called_after_what_it_is_not() -> None:
    names = {path.stem for _, path in ALL} | {path.parent.name for _, path in ALL}
    assert not names & NO_SUCH_MODULES


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ("sfu never imports aiohttp", "import aiohttp"),
        ("sfu never imports signaling", "from signaling.errors import Refused"),
    ],
)
def test_the_reader_sees_what_it_must(rule: str, code: str, tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(code)
    assert {name.split(".", maxsplit=1)[0] for name in imports(file)} & FORBIDDEN["sfu"], rule
