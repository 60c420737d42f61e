"""What an installation keeps in its data folder besides the database: its secret, its key.

`--dev` makes whatever is missing; without it, nothing is made up and a weak secret is refused.
"""

import secrets
import ssl
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from signaling import certificate
from signaling.auth.accounts import Accounts
from signaling.auth.tokens import new_secret
from signaling.config import Config, ConfigError, environment_name, secret_weakness
from signaling.errors import Refused

SECRET_FILE = "secret.key"  # noqa: S105 (a file's name)
OPERATOR = "operator"


def with_secret(config: Config) -> Config:
    """The configuration with the secret to sign with; ConfigError if there is no good one."""
    secret = config.auth.secret or _stored_secret(config.data)
    weakness = secret_weakness(secret)
    if weakness is not None:
        raise ConfigError(
            f"{weakness}. Set {environment_name('auth.secret')} (or `secret` under [auth]) to "
            "the output of `openssl rand -base64 48`, or try Candor out with --dev."
        )
    return replace(config, auth=replace(config.auth, secret=secret))


def make_for_trying_out(config: Config) -> None:
    """The data folder with a secret of its own, for --dev."""
    config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not config.auth.secret and not _stored_secret(config.data):
        certificate.write_private(config.data / SECRET_FILE, new_secret().encode())


def tls_context(config: Config, now: datetime) -> ssl.SSLContext | None:
    """What HTTPS is spoken with; None without a certificate: then a proxy has to speak it."""
    if config.certificate is not None and config.certificate_key is not None:
        chain, key = config.certificate, config.certificate_key
    elif config.dev:
        names = certificate.machine_names(config.advertise_ip)
        chain, key = certificate.ensure(config.data, names, now)
    else:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(chain, key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"certificate {chain}: cannot be used ({error})") from None
    return context


def certificate_file(config: Config) -> Path | None:
    """The certificate that HTTPS is, or would be, spoken with."""
    if config.certificate is not None:
        return config.certificate
    made = config.data / certificate.FILE
    return made if made.exists() else None


def restore_secret(config: Config, secret: str) -> str:
    """Put a backup's secret in its place; what was done, in words."""
    if config.auth.secret == secret:
        return "the secret is the configured one"
    if config.auth.secret:
        return "the configured secret is not the backup's, so everybody has to sign in again"
    config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    certificate.write_private(config.data / SECRET_FILE, secret.encode())
    return f"its secret is in {config.data / SECRET_FILE}"


async def first_operator(accounts: Accounts) -> str | None:
    """The password of an operator's account made now; None if there was one before."""
    try:
        await accounts.by_name(OPERATOR)
    except Refused:
        password = secrets.token_urlsafe(12)
        await accounts.create(OPERATOR, password, "operator")
        return password
    return None


def _stored_secret(data: Path) -> str:
    try:
        return (data / SECRET_FILE).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""
