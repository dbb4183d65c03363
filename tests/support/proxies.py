"""The reverse proxies of deploy/ as real processes, and an upstream that writes down what reaches it."""

import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from support.process import Answer, eventually

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
NAME: Final = "sms.example.com"
_CALL_S: Final = 15.0
_MAIN: Final = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/main.log;
events {{}}
http {{
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  include {folder}/hongyan.conf;
}}
"""


@dataclass(frozen=True)
class Proxy:
    """One that runs, and what it has written down."""

    port: int
    folder: Path
    context: ssl.SSLContext | None

    def call(self, method: str, target: str, body: bytes = b"", **headers: str) -> Answer:
        """One request with just this target; headers are written as names: `x_forwarded_for`."""
        connection = self._connection()
        with closing(connection):
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            sent = {"host": NAME, "content-length": str(len(body))}
            sent |= {name.replace("_", "-"): value for name, value in headers.items()}
            for name, value in sent.items():
                connection.putheader(name, value)
            with suppress(BrokenPipeError, ConnectionResetError):  # It was refused while it came.
                connection.endheaders(body)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())

    @property
    def logs(self) -> str:
        """All that it has written, wherever."""
        return "\n".join(path.read_text("utf-8") for path in sorted(self.folder.glob("*.log")))

    def logged(self, word: str) -> str:
        """The same, once it holds a word."""
        return eventually(lambda: self.logs if word in self.logs else "")

    def _connection(self) -> HTTPConnection:
        if self.context is None:
            return HTTPConnection("127.0.0.1", self.port, timeout=_CALL_S)
        return HTTPSConnection("127.0.0.1", self.port, timeout=_CALL_S, context=self.context)


@contextmanager
def nginx(folder: Path, upstreams: list[int]) -> Iterator[Proxy]:
    """deploy/nginx.conf as it is, but for ports and paths."""
    program = _found("nginx")
    port, plain = free_port(), free_port()
    context = _certified(folder)
    servers = "".join(f"  server 127.0.0.1:{one};\n" for one in upstreams)
    changes = [
        (r"(?m)^  server 127\.0\.0\.1:\d+;\n", "", 2),
        (r"(?m)^  keepalive 64;", servers + "  keepalive 64;", 1),
        (r"(?m)^  listen \[::\].*\n", "", 2),
        (r"listen 443", f"listen 127.0.0.1:{port}", 1),
        (r"listen 80", f"listen 127.0.0.1:{plain}", 1),
        (r"/etc/ssl/hongyan|/var/log/nginx", str(folder), 5),
    ]
    (folder / "hongyan.conf").write_text(_rewritten("nginx.conf", changes), "utf-8")
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder), "utf-8")
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with _running([*command, "-e", str(folder / "main.log")], folder, port):
        yield Proxy(port, folder, context)


@contextmanager
def caddy(folder: Path, upstreams: list[int]) -> Iterator[Proxy]:
    """deploy/Caddyfile as it is, without TLS: the certificate is Caddy's own business."""
    program = _found("caddy")
    port = free_port()
    changes = [(r"\A((?:#.*\n|\n)*\{\n)", "\\1\tadmin off\n", 1)]
    (folder / "Caddyfile").write_text(_rewritten("Caddyfile", changes), "utf-8")
    environment = {
        "HONGYAN_NAME": f"http://:{port}",
        "HONGYAN_WEB": " ".join(f"127.0.0.1:{one}" for one in upstreams),
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
    }
    command = [program, "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    with _running(command, folder, port, environment):
        yield Proxy(port, folder, None)


class Recorder:
    """An upstream that keeps every request as it came, and answers it or hangs up."""

    def __init__(self, *, hangs_up: bool = False) -> None:
        self.requests: list[bytes] = []
        recorder = self

        class Handler(StreamRequestHandler):
            def handle(self) -> None:
                while head := _head(self.rfile):
                    length = re.search(rb"(?i)content-length: (\d+)", head)
                    body = self.rfile.read(int(length[1]) if length else 0)
                    if head.startswith(b"GET /readyz "):
                        self.wfile.write(_EMPTY)
                        continue
                    recorder.requests.append(head + body)
                    if hangs_up:
                        return
                    self.wfile.write(_EMPTY)

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]

    @contextmanager
    def listening(self) -> Iterator["Recorder"]:
        import threading

        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()


_EMPTY: Final = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *_: Any) -> None:
        """A proxy that ends cuts its connections."""


def _head(stream: Any) -> bytes:
    lines = []
    while (line := stream.readline()) not in (b"\r\n", b""):
        lines.append(line)
    return b"".join(lines)


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port: int = listening.getsockname()[1]
        return port


def _found(program: str) -> str:
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if path is None and os.environ.get("CI"):
        pytest.fail(f"{program} is missing: apt-get install {program}")
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


def _rewritten(file: str, changes: list[tuple[str, str, int]]) -> str:
    """The sample with these changes, each of which must be made just so often."""
    text = (DEPLOY / file).read_text("utf-8")
    for pattern, new, often in changes:
        text, made = re.subn(pattern, new, text)
        assert made == often, pattern
    return text


@contextmanager
def _running(
    command: list[str], folder: Path, port: int, environment: dict[str, str] | None = None
) -> Iterator[None]:
    with (folder / "out.log").open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env=os.environ | (environment or {})
        )
        try:
            eventually(_answers(process, port), _CALL_S)
            yield
        finally:
            process.terminate()
            process.wait(_CALL_S)


def _answers(process: subprocess.Popen[bytes], port: int) -> Callable[[], bool]:
    def look() -> bool:
        assert process.poll() is None, "It ended at once."
        with closing(socket.socket()) as one:
            return one.connect_ex(("127.0.0.1", port)) == 0

    return look


def _certified(folder: Path) -> ssl.SSLContext:
    """A certificate of a day where the sample has it; who trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    whole = made.public_bytes(serialization.Encoding.PEM)
    (folder / "fullchain.pem").write_bytes(whole)
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.create_default_context(cadata=whole.decode())
    context.check_hostname = False  # It is called by its address.
    return context
