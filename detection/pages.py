"""What pages of figures share: a document that loads nothing else, tables, figures as text."""

from collections.abc import Sequence
from html import escape

from detection.figures import Figure

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem;
  color: #1b1f24; background: #fff }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #d5dae1;
  vertical-align: top }
small { color: #5b6470 } svg { background: #f6f8fa; border-radius: 6px }
svg text { fill: currentColor; font-size: 11px }
@media (prefers-color-scheme: dark) { body { color: #e6eaf0; background: #14171c }
  th, td { border-color: #333a45 } small { color: #98a2b0 } svg { background: #1d222a } }
"""


def document(title: str, body: str) -> str:
    """A whole page; `body` is HTML already."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>
<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>
{body}
</body></html>
"""


def table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Text in cells."""
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "\n".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def as_text(figure: Figure) -> str:
    """A figure with its interval in brackets."""
    if figure.value is None:
        return "-"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.2f}"
    return f"{figure.value:.2f} [{figure.low:.2f}, {figure.high:.2f}]"
