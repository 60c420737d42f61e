"""What detection does to forwarding: the delay of packets with it off, on, killed and hung.

    python -m bench.beside FILM [--people 4] [--viewers 20] [--packets 400] [--seconds 12]

One media process forwards a publisher's packets to viewers (see `bench.fanout`, also for the
delay) while PEOPLE send a film with a face beside it, and are looked at unless detection is off.
The states take turns.  In the middle of a round the detection process is killed, or stopped for
good, and nothing else is done about it: its supervisor is part of what is measured.
Prints JSON, one object for each state, with the p99 of all its rounds.
"""

import argparse
import asyncio
import json
import os
import select
import signal
import struct
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import av

from bench.fanout import Round, measure
from bench.figures import median
from bench.load_client import PAYLOAD_TYPE, LoadClient
from bench.load_description import Section
from bench.load_media import in_the_background
from bench.servers import LOOPBACK, ROOM, Candor, cpu_s, directly
from detection import Detection, DetectionConfig, Scored
from sfu import Sfu, SfuConfig
from signaling.supervisor import ChildSpec, Supervisor

STATES = ("off", "on", "killed", "hung")
STRIKES = {"killed": signal.SIGKILL, "hung": signal.SIGSTOP}
WIDTH, HEIGHT, FRAMES_PER_S, FILM_S = 640, 360, 15, 3
RTP_HZ = 90_000
PAYLOAD_BYTES = 1100
READY_WITHIN_S = 60.0

_header = struct.Struct("!BBHII")
_Frames = Sequence[bytes]


def encoded(film: Path) -> _Frames:
    """The first seconds of a film as VP8 from a key frame on, to be sent round and round."""
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.bit_rate = Fraction(1, FRAMES_PER_S), 600_000
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    frames: list[bytes] = []
    with av.open(str(film)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if len(frames) >= FRAMES_PER_S * FILM_S:
                break
            small = frame.reformat(WIDTH, HEIGHT, "yuv420p")
            small.pts, small.time_base = number, encoder.time_base
            frames += [bytes(packet) for packet in encoder.encode(small)]
    return frames


def packets_of(frame: bytes, ssrc: int, sequence: int, timestamp: int) -> Iterator[bytes]:
    """One frame as RTP (RFC 7741, without an extended descriptor)."""
    pieces = [frame[at : at + PAYLOAD_BYTES] for at in range(0, len(frame), PAYLOAD_BYTES)]
    for index, piece in enumerate(pieces):
        marker = 0x80 if index == len(pieces) - 1 else 0
        number = (sequence + index) & 0xFFFF
        head = _header.pack(0x80, marker | PAYLOAD_TYPE, number, timestamp & 0xFFFF_FFFF, ssrc)
        yield head + (b"\x10" if index == 0 else b"\x00") + piece


def send_film(clients: Sequence[LoadClient], frames: _Frames, stop: int) -> int:
    """Send the film from all of them, again and again; how many frames."""
    sequences = dict.fromkeys(clients, 0)
    began_s, sent = time.monotonic(), 0
    while not select.select([stop], [], [], 0)[0]:
        for client in clients:
            for data in client.waiting():
                if data and data[0] < 4:
                    client.answer_check(data)
            frame, ts = frames[sent % len(frames)], sent * RTP_HZ // FRAMES_PER_S
            for packet in packets_of(frame, client.ssrc, sequences[client], ts):
                client.send_rtp(packet)
                sequences[client] += 1
        sent += 1
        time.sleep(max(0.0, began_s + sent / FRAMES_PER_S - time.monotonic()))
    return sent


@dataclass
class House:
    """A media process, and maybe a detection process beside it."""

    candor: Candor
    supervisor: Supervisor
    detection: Detection | None

    @property
    def detection_process(self) -> int | None:
        return self.supervisor.state()[1].pid if self.detection else None

    async def wait_looked_at(self, people: int) -> None:
        """Until a picture of so many was looked at."""
        if not self.detection or not people:
            return
        seen: set[str] = set()
        async with asyncio.timeout(READY_WITHIN_S):
            async for said in self.detection.scores():
                if isinstance(said, Scored) and said.record.evidence:
                    seen.add(said.identity)
                if len(seen) >= people:
                    return


@asynccontextmanager
async def house(models: Path, *, looking: bool) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        detection = None
        if looking:
            detection = await stack.enter_async_context(Detection(DetectionConfig(models)))
        tap = detection.tap_socket if detection else None
        config = SfuConfig(bind_hosts=LOOPBACK, advertised_hosts=LOOPBACK, tap_socket=tap)
        sfu = await stack.enter_async_context(Sfu(config))
        specs = [*sfu.worker_specs(), *(detection.worker_specs() if detection else ())]
        children = [ChildSpec(**asdict(spec)) for spec in specs]  # type: ignore[call-overload]
        supervisor = await stack.enter_async_context(Supervisor(children))
        async with asyncio.timeout(READY_WITHIN_S):
            await supervisor.wait_running()
            await sfu.wait_ready(READY_WITHIN_S)
        yield House(Candor(sfu, supervisor), supervisor, detection)


async def people(house: House, count: int) -> list[LoadClient]:
    """Connected, and looked at as soon as they send."""
    clients = []
    for number in range(count):
        client = LoadClient()
        offer = client.describe([Section("video", "sendonly", "0", client.ssrc)])
        agreed = house.detection is not None
        session = await house.candor.sfu.publish(ROOM, f"person-{number}", offer, tapped=agreed)
        await client.connect(directly(session.answer))
        clients.append(client)
    return clients


async def strike(house: House, number: signal.Signals, after_s: float) -> None:
    await asyncio.sleep(after_s)
    process_id = house.detection_process
    if process_id is not None:
        os.kill(process_id, number)


async def sit(state: str, frames: _Frames, arguments: argparse.Namespace) -> dict[str, float]:
    """One round in one state."""
    async with house(arguments.models, looking=state != "off") as running:
        clients = await people(running, arguments.people)
        with in_the_background(lambda stop: send_film(clients, frames, stop), int):
            await running.wait_looked_at(arguments.people if running.detection else 0)
            before_s = _cpu_s(running)
            hit = STRIKES.get(state)
            blow = asyncio.create_task(
                strike(running, hit, arguments.seconds / 2) if hit else asyncio.sleep(0)
            )
            taken: Round = await measure(running.candor, arguments.viewers, arguments)
            await blow
            used_s = 0.0 if hit else _cpu_s(running) - before_s
        for client in clients:
            await client.stop()
        return {
            "p50_ms": taken.counted.delay_ms(50),
            "p99_ms": taken.counted.delay_ms(99),
            "lost_percent": 100 * taken.counted.loss,
            "detection_cpu_percent": 100 * used_s / arguments.seconds,
        }


def _cpu_s(running: House) -> float:
    process_id = running.detection_process
    return 0.0 if process_id is None else cpu_s(process_id)


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.beside")
    parser.add_argument("film", type=Path)
    parser.add_argument("--models", type=Path, default=Path("models"))
    parser.add_argument("--people", type=int, default=4, help="who are looked at")
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--packets", type=int, default=400, help="of the publisher, a second")
    parser.add_argument("--seconds", type=float, default=12.0, help="length of a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--priority", type=int, default=0, help="nice value of the media process")
    parser.add_argument("--silent", action="store_true", help="viewers give no feedback")
    arguments = parser.parse_args()
    frames = encoded(arguments.film)
    rounds: dict[str, list[dict[str, float]]] = {state: [] for state in STATES}
    for _ in range(arguments.rounds):
        for state, ones in rounds.items():
            ones.append(await sit(state, frames, arguments))
    for state, ones in rounds.items():
        shown = {name: round(median([one[name] for one in ones]), 2) for name in ones[0]}
        every = [round(one["p99_ms"], 2) for one in ones]
        print(json.dumps({"detection": state, **shown, "p99_ms_of_rounds": every}), flush=True)
    beyond = median(
        [on["p99_ms"] - off["p99_ms"] for on, off in zip(rounds["on"], rounds["off"], strict=True)]
    )
    print(json.dumps({"p99_ms_on_beyond_off": round(beyond, 2)}))


if __name__ == "__main__":
    asyncio.run(main())
