"""Candor's own pages: files from `web/`, packages from its `node_modules`, by allow-list.

Pages are static; whatever differs from person to person comes from the API.  They are one file,
`page.html`, and differ in what they load and in what stands there until it has come.  The import
map is the one script inside a page, so the policy names its hash; nothing else inline may run.
"""

import base64
import hashlib
import mimetypes
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from signaling import addresses
from signaling.addresses import Address
from signaling.http.responses import SECURITY_HEADERS

WEB = Path(__file__).resolve().parents[2] / "web"


@dataclass(frozen=True, slots=True)
class Page:
    """A module of `js/pages`, a file of `skeletons`, and style sheets that not all have."""

    script: str
    skeleton: str = "door"
    styles: tuple[str, ...] = ()

    def text(self, folder: Path = WEB) -> str:
        """The page as browsers get it."""
        own = "".join(
            f'<link rel="stylesheet" href="/static/css/{style}.css">\n' for style in self.styles
        )
        script = f'<script type="module" src="/static/js/pages/{self.script}.js"></script>'
        skeleton = (folder / "skeletons" / f"{self.skeleton}.html").read_text(encoding="utf-8")
        return (
            (folder / "page.html")
            .read_text(encoding="utf-8")
            .replace("<!-- style -->", own)
            .replace("<!-- script -->", script)
            .replace("<!-- skeleton -->", skeleton.rstrip("\n"))
        )


CALL_STYLES = ("rooms", "lobby", "call", "tiles", "bar", "panels", "challenge")
CONSOLE_STYLES = ("diagnose", "console", "wall", "queue", "alert", "tables")
CHAT_STYLES = ("chat", "messages", "writing", "attachments")

PAGES = {
    addresses.ENTRY: Page("entry", "columns", styles=("welcome", "rooms")),
    addresses.LOGIN: Page("login"),
    addresses.REGISTER: Page("register"),
    addresses.ME: Page("me", "columns", styles=("rooms", "me")),
    addresses.INVITATION: Page("invitation", styles=("rooms",)),
    addresses.MATCH_PAGE: Page("match", styles=("match",)),
    addresses.HEART_LINK_PAGE: Page("heart-link", styles=("match",)),
    addresses.CHAT_PAGE: Page("chat", "chat", styles=CHAT_STYLES),
    addresses.CALL_PAGE: Page("call", styles=(*CALL_STYLES, *CHAT_STYLES)),
    addresses.CONSOLE: Page("console", "columns", styles=CONSOLE_STYLES),
    addresses.DIAGNOSE: Page("diagnose", styles=("diagnose",)),
    addresses.DIAGNOSE_ROOM: Page("diagnose", styles=("diagnose",)),
}
NOT_FOUND = Page("not-found")

# Files of other people's packages that pages may load; the import maps name the same.
PACKAGES = (
    "preact/dist/preact.module.js",
    "preact/hooks/dist/hooks.module.js",
    "htm/dist/htm.module.js",
    "@preact/signals/dist/signals.module.js",
    "@preact/signals-core/dist/signals-core.module.js",
    "uplot/dist/uPlot.esm.js",
    "uplot/dist/uPlot.min.css",
    "emoji-picker-element/database.js",
    "emoji-picker-element-data/en/emojibase/data.json",
    "emoji-picker-element-data/zh/emojibase/data.json",
)

INLINE = re.compile(r'<script type="importmap">(.*?)</script>', re.DOTALL)

Served = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Pages:
    """Reads every page once; what is not in the list cannot be asked for."""

    def __init__(self, folder: Path = WEB) -> None:
        self._files = dict(_files(folder))
        self._texts = {page: page.text(folder) for page in (*PAGES.values(), NOT_FOUND)}

    def routes(self) -> Iterator[web.AbstractRouteDef]:
        for address, page in PAGES.items():
            yield web.get(address.path, self._showing(page))
            for old in address.also:
                yield web.get(old, _redirect(address))
        for folder in ("static", "packages"):
            yield web.get(f"/{folder}/{{path:.+}}", self._send)

    def not_found(self) -> web.Response:
        """The page for an address that leads nowhere."""
        response = self._rendered(NOT_FOUND)
        response.set_status(404)
        return response

    def _showing(self, page: Page) -> Served:
        async def show(request: web.Request) -> web.StreamResponse:
            return self._rendered(page)

        return show

    def _rendered(self, page: Page) -> web.Response:
        text = self._texts[page]
        response = web.Response(text=text, content_type="text/html")
        response.headers.update(SECURITY_HEADERS)
        response.headers["Content-Security-Policy"] = _policy(text)
        response.headers["Cache-Control"] = "no-cache"
        return response

    async def _send(self, request: web.Request) -> web.StreamResponse:
        file = self._files.get(request.path)
        if file is None:
            raise web.HTTPNotFound
        media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        headers = SECURITY_HEADERS | {"Content-Type": media_type, "Cache-Control": "no-cache"}
        return web.FileResponse(file, headers=headers)


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """(address, file) of all that pages load."""
    for kind in ("css", "js", "i18n", "images"):
        for file in sorted((folder / kind).rglob("*")):
            if file.is_file():
                yield f"/static/{file.relative_to(folder).as_posix()}", file
    for name in PACKAGES:
        yield f"/packages/{name}", folder / "node_modules" / name


def _redirect(address: Address) -> Served:
    async def redirect(request: web.Request) -> web.StreamResponse:
        raise web.HTTPPermanentRedirect(address.path.format(**request.match_info))

    return redirect


def _policy(text: str) -> str:
    """What the page may load: only from here, and no inline script but its import map."""
    hashes = "".join(f" 'sha256-{_digest(inline)}'" for inline in INLINE.findall(text))
    return (
        f"default-src 'none'; script-src 'self'{hashes}; worker-src 'self'; style-src 'self'; "
        "img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; "
        "font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
