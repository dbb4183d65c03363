"""TLS before a house: an authority of a day, a certificate for 127.0.0.1, and bytes passed on."""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DEADLINE_S: Final = 10.0
_PIECE: Final = 65_536


@dataclass(frozen=True)
class TlsFront:
    """Where it listens, and whose certificates are good."""

    url: str
    authority: Path


@contextmanager
def tls_front(folder: Path, port: int) -> Iterator[TlsFront]:
    """Everything that comes in over TLS goes to a port of this machine, as it is."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*_certified(folder))
    ready, stopping = threading.Event(), asyncio.Event()
    found: list[tuple[asyncio.AbstractEventLoop, int]] = []

    async def serve() -> None:
        server = await asyncio.start_server(_passed_on(port), "127.0.0.1", 0, ssl=context)
        found.append((asyncio.get_running_loop(), server.sockets[0].getsockname()[1]))
        ready.set()
        await stopping.wait()
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(_DEADLINE_S)
    loop, own = found[0]
    try:
        yield TlsFront(f"https://127.0.0.1:{own}", folder / "authority.pem")
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(_DEADLINE_S)


def _passed_on(port: int):  # type: ignore[no-untyped-def] # noqa: ANN202
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_piped(reader, outer), _piped(inner, writer))

    return handle


async def _piped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError, asyncio.CancelledError):
        while piece := await reader.read(_PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()


def _certified(folder: Path) -> tuple[Path, Path]:
    """(certificate, key) for 127.0.0.1, of an authority that is written down beside them."""
    authority_key, authority = _signed("Hongyan's tests", None)
    key, certificate = _signed("127.0.0.1", (authority_key, authority))
    pem = serialization.Encoding.PEM
    (folder / "authority.pem").write_bytes(authority.public_bytes(pem))
    (folder / "front.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "front.key").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "front.pem", folder / "front.key"


_Pair = tuple[ec.EllipticCurvePrivateKey, x509.Certificate]


def _signed(title: str, by: _Pair | None) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
    now = datetime.now(UTC)
    signer, issuer = by or (key, None)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()),
            critical=False,
        )
    )
    if issuer is not None:
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        builder = builder.add_extension(names, critical=False)
    return key, builder.sign(signer, hashes.SHA256())
