"""What Candor says when it is ready: where to open it, and what to try first."""

import io
import ipaddress
from dataclasses import dataclass
from typing import Any

import segno
from rich.console import Console
from rich.markup import escape
from yarl import URL

from signaling import addresses
from signaling.certificate import own_addresses
from signaling.config import Config
from signaling.installation import OPERATOR


@dataclass(frozen=True, slots=True)
class Ready:
    """Where everything answers."""

    http: str
    https: str | None
    media: tuple[str, ...]
    pid: int
    operator_password: str | None

    def as_event(self) -> dict[str, Any]:
        """One JSON object for programs; the password is in it only when it was just made."""
        event: dict[str, Any] = {
            "event": "ready",
            "http": self.http,
            "https": self.https,
            "media": list(self.media),
            "pid": self.pid,
        }
        if self.operator_password is not None:
            event["operator"] = {"name": OPERATOR, "password": self.operator_password}
        return event


def show(ready: Ready, config: Config) -> None:
    """The same for people, on standard output."""
    console = Console(highlight=False)
    console.print("\n[bold]Candor is ready.[/bold]\n")
    console.print(f"  on this machine   {escape(ready.http)}")
    phone = _for_the_network(ready, config)
    if phone is not None:
        console.print(f"  on your network   {escape(phone)}")
        console.print(f"\n{_qr(phone)}\n", markup=False)
        console.print("  Scan it with a phone; accept the self-signed certificate once.")
    if ready.operator_password is not None:
        console.print(
            f"\n  Operator's account, shown this once:  [bold]{OPERATOR}[/bold]  "
            f"[bold]{escape(ready.operator_password)}[/bold]"
        )
    console.print(f"\n  Try first: {escape(ready.http)}{addresses.REGISTER.path} makes an account;")
    console.print("  make a room on the first page and send somebody its invitation.")
    console.print(f"  The API: {escape(ready.http)}{addresses.API_PAGE.path}\n")


def _for_the_network(ready: Ready, config: Config) -> str | None:
    """The HTTPS address that another device can open."""
    if ready.https is None:
        return None
    port = URL(ready.https).port
    candidates = [*config.advertise_ip, *own_addresses()]
    for address in candidates:
        parsed = ipaddress.ip_address(address)
        if not parsed.is_loopback:
            host = f"[{address}]" if parsed.version == 6 else address  # noqa: PLR2004
            return f"https://{host}:{port}"
    return None


def _qr(text: str) -> str:
    out = io.StringIO()
    segno.make(text, error="l").terminal(out, compact=True)
    return out.getvalue()
