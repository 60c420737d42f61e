"""Serves `media.html` over an `Sfu` of its own, from within whatever network it is started in.

usage: python -m tests.interop.page_server [HOST]

Media are told to be at HOST, or where the default route begins.  Says its
address on a line, and leaves at the end of its input.
"""

import asyncio
import sys
from contextlib import redirect_stdout
from dataclasses import asdict

from sfu import Sfu, SfuConfig
from signaling.supervisor import ChildSpec, Supervisor
from tests.interop.pages import negotiation, page, serving

READY_WITHIN_S = 20.0


async def serve(hosts: tuple[str, ...]) -> None:
    async with Sfu(SfuConfig(advertised_hosts=hosts)) as sfu:
        children = [ChildSpec(**asdict(spec)) for spec in sfu.worker_specs()]
        async with Supervisor(children), serving([*page(), *negotiation(sfu)]) as address:
            await sfu.wait_ready(READY_WITHIN_S)
            print(address, file=sys.__stdout__, flush=True)
            await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    # Its log goes elsewhere: the first line is the address.
    with redirect_stdout(sys.stderr):
        asyncio.run(serve(tuple(sys.argv[1:])))
