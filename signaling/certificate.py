"""A certificate for trying Candor out: self-signed, P-256, for every name of this machine.

Browsers give camera and microphone to HTTPS pages only; a telephone on the same network gets in
after its owner has accepted this certificate once.
"""

import ipaddress
import os
import socket
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import ifaddr
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FILE = "certificate.pem"
KEY_FILE = "certificate-key.pem"

# Apple's systems refuse server certificates that live longer than 825 days.
LIFE = timedelta(days=365)
RENEW_BEFORE = timedelta(days=14)


def own_addresses() -> list[str]:
    """Addresses of this machine that others can reach, IPv4 first, loopback last."""
    found = {
        str(ip.ip if ip.is_IPv4 else ip.ip[0])
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
    }
    parsed = [ipaddress.ip_address(address) for address in found]
    usable = [address for address in parsed if not address.is_link_local]
    usable.sort(key=lambda address: (address.is_loopback, address.version, str(address)))
    return [str(address) for address in usable]


def ensure(folder: Path, names: Sequence[str], now: datetime) -> tuple[Path, Path]:
    """(certificate, key) in the folder, made anew if one is missing, old or for other names."""
    certificate, key = folder / FILE, folder / KEY_FILE
    if not (key.exists() and _is_good(certificate, names, now)):
        _make(certificate, key, names, now)
    return certificate, key


def machine_names(extra: Sequence[str] = ()) -> list[str]:
    """What people may type to reach this machine."""
    return list(dict.fromkeys([*extra, *own_addresses(), "localhost", socket.gethostname()]))


def _is_good(certificate: Path, names: Sequence[str], now: datetime) -> bool:
    try:
        loaded = x509.load_pem_x509_certificate(certificate.read_bytes())
    except (OSError, ValueError):
        return False
    covered = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    wanted = {_general_name(name) for name in names}
    return wanted <= set(covered) and loaded.not_valid_after_utc - now > RENEW_BEFORE


def _make(certificate: Path, key: Path, names: Sequence[str], now: datetime) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Candor (self-signed)")])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName([_general_name(n) for n in names]), False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .sign(private, SHA256())
    )
    certificate.parent.mkdir(parents=True, exist_ok=True)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_private(key, pem)
    certificate.write_bytes(built.public_bytes(Encoding.PEM))


def write_private(path: Path, content: bytes) -> None:
    """Write a file that nobody but its owner may ever have read, or nothing at all."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
