"""The least that a server can do: aiohttp that sends each text to every socket, and keeps nothing.

`python -m bench.plain_broadcast` prints its port.  What Candor costs beyond this is what it does
more: an order, a store, people, rooms, and bounds for slow readers.
"""

import asyncio
import json
import sys
from datetime import UTC, datetime

from aiohttp import WSMsgType, web

SOCKETS: set[web.WebSocketResponse] = set()
FILLING = {"microphone": True, "camera": True, "screen": False}


async def handle(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    SOCKETS.add(socket)
    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await broadcast()
    finally:
        SOCKETS.discard(socket)
    return socket


async def broadcast() -> None:
    """An event of about the size of ours."""
    at = datetime.now(UTC).isoformat()
    event = {"type": "event", "room": "bench", "sequence": 1, "kind": "media.state"}
    text = json.dumps(event | {"actor": "writer", "at": at, "body": FILLING})
    for socket in list(SOCKETS):
        await socket.send_str(text)


async def main() -> None:
    app = web.Application()
    app.add_routes([web.get("/ws", handle)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    await site.start()
    print(json.dumps({"port": runner.addresses[0][1]}), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
