"""Serves `media.html` to browsers: alone, with other people's clients, or over an `Sfu`.

Knows aiohttp and the packages in `web/node_modules`; it refuses to know browsers.
"""

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from aiohttp import web

from sfu import Sfu

PAGE = Path(__file__).with_name("media.html")
PACKAGES = Path(__file__).parents[2] / "web" / "node_modules"

# Packages in the older form of modules: their files, the entry last, and what pages import.
OLDER = {
    "events": (("events",), ("EventEmitter",)),
    "sdp-transform": (
        ("lib/grammar", "lib/parser", "lib/writer", "lib/index"),
        ("parse", "write"),
    ),
}


def page() -> list[web.RouteDef]:
    async def show(request: web.Request) -> web.Response:
        return web.Response(text=PAGE.read_text(), content_type="text/html")

    return [web.get("/", show)]


def packages() -> list[web.RouteDef]:
    """The clients that the page imports by name."""

    async def older(request: web.Request) -> web.Response:
        return web.Response(text=as_module(request.match_info["name"]), content_type=SCRIPT)

    async def newer(request: web.Request) -> web.FileResponse:
        return web.FileResponse(PACKAGES / request.match_info["path"])

    names = "|".join(OLDER)
    return [
        web.get(f"/packages/{{name:{names}}}", older),
        web.get(r"/packages/{path:(whip-whep|@eyevinn)/[a-z./-]+\.js}", newer),
    ]


def negotiation(sfu: Sfu) -> list[web.RouteDef]:
    """Two paths for offers, of who publishes and of who watches, and one for the truth about it.

    The query of the page's own address says which room it is in.
    """

    async def publish(request: web.Request) -> web.Response:
        session = await sfu.publish(_room(request), "ada", await request.text())
        return web.Response(text=session.answer)

    async def play(request: web.Request) -> web.Response:
        session = await sfu.subscribe(_room(request), "bob", await request.text())
        return web.Response(text=session.answer)

    async def statistics(request: web.Request) -> web.Response:
        taken = await sfu.statistics()
        return web.Response(body=msgspec.json.encode(taken), content_type="application/json")

    return [
        web.post("/publish", publish),
        web.post("/play", play),
        web.get("/statistics", statistics),
    ]


def _room(request: web.Request) -> str:
    return request.query.get("room", "room")


@asynccontextmanager
async def serving(routes: Iterable[web.RouteDef]) -> AsyncIterator[str]:
    """The address, for as long as the block lasts."""
    app = web.Application()
    app.add_routes(routes)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


SCRIPT = "text/javascript"


def as_module(name: str) -> str:
    """A CommonJS package as one module of the kind that browsers import."""
    files, exported = OLDER[name]
    wrapped = [
        f"{json.dumps(Path(file).name)}: (module, exports, require) => {{\n"
        f"{(PACKAGES / name / file).with_suffix('.js').read_text()}\n}}"
        for file in files
    ]
    entry = json.dumps(Path(files[-1]).name)
    return (
        f"const files = {{\n{','.join(wrapped)}\n}}, loaded = {{}}\n"
        "const require = (path) => {\n"
        "  const name = path.split('/').at(-1)\n"
        "  if (!loaded[name]) {\n"
        "    loaded[name] = { exports: {} }\n"
        "    files[name](loaded[name], loaded[name].exports, require)\n"
        "  }\n"
        "  return loaded[name].exports\n"
        "}\n"
        f"export const {{ {', '.join(exported)} }} = require({entry})\n"
    )
