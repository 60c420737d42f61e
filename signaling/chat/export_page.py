"""A conversation as one page that needs nothing and does nothing, with its files inside.

It holds no script and no address that a browser would fetch; every text is only text, and every
file is part of the page (`data:`).  It is made piece by piece: of the files only one is in memory,
and of that one a piece.
"""

from __future__ import annotations

import base64
import html
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from signaling.chat.attachments import Held
    from signaling.chat.export import Exported, Saying

# A browser has to hold the whole page; what is larger, or comes later, is named only.
MOST_OF_A_FILE = 16 << 20
MOST_OF_ALL_FILES = 96 << 20

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;"
    "color:#1d1b26;background:#fff}article{border-bottom:1px solid #ddd;padding:.6rem 0}"
    "header{color:#5b5768;font-size:.85rem}b{color:#1d1b26}p{margin:.2rem 0;white-space:pre-wrap;"
    "overflow-wrap:anywhere;unicode-bidi:isolate}img,video{max-width:100%}.gone{color:#8a8696;font-style:italic}"
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:"
# By kind: what is before the file's content, and behind it.
EMBEDDED = {
    "image": ('<img alt="{name}" src="', '">'),
    "voice": ('<audio controls src="', '"></audio>'),
    "video": ('<video controls src="', '"></video>'),
    "file": ('<a download="{name}" href="', '">{name}</a>'),
}


async def pieces(exported: Exported, held: Mapping[str, Held]) -> AsyncIterator[bytes]:
    """One inert HTML file; `held` are the files that there are, by their identifiers."""
    room = MOST_OF_ALL_FILES
    yield _head(exported).encode()
    for saying in exported.messages:
        yield _opening(saying).encode()
        file = held.get(str((saying.file or {}).get("id", "")))
        if file is not None and file.size <= min(room, MOST_OF_A_FILE):
            room -= file.size
            async for piece in _embedded(saying, file):
                yield piece
        elif saying.file is not None:
            yield _named(saying.file).encode()
        yield _closing(saying).encode()
    if not exported.complete:
        yield b'<p class="gone">There is more; export it by time.</p>'
    yield b"</body></html>\n"


def _head(exported: Exported) -> str:
    title = html.escape(exported.title)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{html.escape(POLICY)}">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>\n"
        f"<h1>{title}</h1><p>{exported.exported_at:%Y-%m-%d %H:%M} UTC</p>\n"
    )


def _opening(saying: Saying) -> str:
    name, at = html.escape(saying.name), f"{saying.at:%Y-%m-%d %H:%M:%S}"
    notes = [f"#{saying.sequence}", saying.kind] + (["edited"] if saying.edited_at else [])
    head = f"<article><header><b><bdi>{name}</bdi></b> {at} {' '.join(notes)}</header>"
    if saying.deleted_at and not saying.edits:
        return f'{head}<p class="gone">deleted</p>'
    return head + (f"<p>{html.escape(saying.text)}</p>" if saying.text else "")


async def _embedded(saying: Saying, file: Held) -> AsyncIterator[bytes]:
    before, behind = EMBEDDED.get(saying.kind, EMBEDDED["file"])
    name = html.escape(_name(saying.file or {}))
    yield f"<p>{before.format(name=name)}data:{html.escape(file.media_type)};base64,".encode()
    left = b""
    async for piece in file.open():
        whole = left + piece
        # Three bytes are four letters; what is over waits for the next piece.
        end = len(whole) // 3 * 3
        yield base64.b64encode(whole[:end])
        left = whole[end:]
    yield base64.b64encode(left) + behind.format(name=name).encode() + b"</p>"


def _named(file: Mapping[str, object]) -> str:
    size = f", {file['size']} bytes" if "size" in file else ""
    return f'<p class="gone">{html.escape(_name(file))} (not in this page{size})</p>'


def _name(file: Mapping[str, object]) -> str:
    return str(file.get("name", "file"))


def _closing(saying: Saying) -> str:
    parts = [f'<p class="gone">{html.escape(edit["text"])}</p>' for edit in saying.edits]
    symbols = " ".join(html.escape(each["emoji"]) for each in saying.reactions)
    return f"{''.join(parts)}{f'<p>{symbols}</p>' if symbols else ''}</article>\n"
