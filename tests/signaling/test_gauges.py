"""What Prometheus reads of detection."""

from types import SimpleNamespace

from prometheus_client import CollectorRegistry, generate_latest

from detection.control import Load
from signaling.app import Candor
from signaling.risk.gauges import Gauges
from signaling.store import alerts
from tests.client import Client
from tests.signaling.test_risk import operator
from tests.store.rows import NOW, alert, put

LOAD = Load(
    participants=3,
    waiting_frames=7,
    looked=100,
    oldest_look_s=9.5,
    busy_share=0.4,
    dropped={"too_late": 12},
    refused={},
    checks={"unknown": 4, "no_sign": 2},
    spent_s={"decoding": 0.5, "faces": 1.25},
)
SAID = (
    "candor_detection_watched 3.0",
    "candor_detection_oldest_look_seconds 9.5",
    "candor_detection_waiting_frames 7.0",
    'candor_detection_checks_total{state="no_sign"} 2.0',
    'candor_detection_checks_total{state="unknown"} 4.0',
    'candor_detection_dropped_frames_total{reason="too_late"} 12.0',
    'candor_detection_cpu_seconds_total{stage="faces"} 1.25',
    'candor_detection_unknown{reason="no_face"} 2.0',
    'candor_detection_unknown{reason="muted"} 1.0',
    'candor_alerts_open{severity="high"} 1.0',
    'candor_alerts_open{severity="low"} 1.0',
)


async def test_it_is_said_how_detection_goes_and_what_is_open(candor: Candor) -> None:
    await put(
        candor.store,
        lambda c: alerts.add(c, alert("a1")),
        lambda c: alerts.add(c, alert("a2", call_id="c2", severity="high")),
        lambda c: alerts.add(c, alert("a3", call_id="c3")),
        lambda c: alerts.change(c, "a3", state="closed", outcome="true", closed_at=NOW),
    )
    whys = ("no_face", "", "no_face", "muted")
    people = [SimpleNamespace(score=SimpleNamespace(why=why)) for why in whys]
    board, detection = SimpleNamespace(now=lambda: people), SimpleNamespace(load=LOAD)
    registry = CollectorRegistry()
    gauges = Gauges(registry, candor.store, board, detection)  # type: ignore[arg-type]
    await gauges.refresh()
    lines = generate_latest(registry).decode().splitlines()
    assert [line for line in SAID if line not in lines] == []
    detection.load = None
    lines = generate_latest(registry).decode().splitlines()
    assert {line.split("{")[0] for line in lines if not line.startswith("#")} == {
        "candor_detection_unknown",
        "candor_alerts_open",
    }


async def test_a_server_tells_what_is_open(candor: Candor, client: Client) -> None:
    await put(candor.store, lambda c: alerts.add(c, alert("a1")))
    olga = await operator(candor, client)
    text = (await olga.get("/metrics")).body.decode()
    assert 'candor_alerts_open{severity="low"} 1.0' in text
