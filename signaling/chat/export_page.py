"""A conversation as one page that needs nothing and does nothing.

It holds no script, no link and no address that a browser would fetch; every text is only text.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signaling.chat.export import Exported, Saying

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;"
    "color:#1d1b26;background:#fff}article{border-bottom:1px solid #ddd;padding:.6rem 0}"
    "header{color:#5b5768;font-size:.85rem}b{color:#1d1b26}p{margin:.2rem 0;white-space:pre-wrap;"
    "overflow-wrap:anywhere;unicode-bidi:isolate}.gone{color:#8a8696;font-style:italic}"
)
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(exported: Exported) -> bytes:
    """One inert HTML file."""
    return "\n".join(_lines(exported)).encode()


def _lines(exported: Exported) -> Iterator[str]:
    title = html.escape(exported.title)
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{html.escape(POLICY)}">'
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<title>{title}</title><style>{STYLE}</style></head><body>"
    yield f"<h1>{title}</h1><p>{exported.exported_at:%Y-%m-%d %H:%M} UTC</p>"
    for each in exported.messages:
        yield _article(each)
    if not exported.complete:
        yield '<p class="gone">There is more; export it by time.</p>'
    yield "</body></html>"


def _article(saying: Saying) -> str:
    name, at = html.escape(saying.name), f"{saying.at:%Y-%m-%d %H:%M:%S}"
    notes = [f"#{saying.sequence}", saying.kind] + (["edited"] if saying.edited_at else [])
    head = f"<header><b><bdi>{name}</bdi></b> {at} {' '.join(notes)}</header>"
    if saying.deleted_at and not saying.edits:
        return f'<article>{head}<p class="gone">deleted</p></article>'
    parts = [f"<p>{html.escape(saying.text)}</p>"] if saying.text else []
    if saying.file:
        parts.append(f"<p>{html.escape(str(saying.file.get('name', 'file')))}</p>")
    parts += [f'<p class="gone">{html.escape(edit["text"])}</p>' for edit in saying.edits]
    symbols = " ".join(html.escape(each["emoji"]) for each in saying.reactions)
    return f"<article>{head}{''.join(parts)}{f'<p>{symbols}</p>' if symbols else ''}</article>"
