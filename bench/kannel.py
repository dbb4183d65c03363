"""The peer: Kannel's HTTP accept, measured in a network namespace of its own (it listens everywhere).

`python -m bench.kannel STORE SECONDS` prints one JSON object; STORE is `spool` or `none`. Kannel hands
over by SMPP to a centre that answers at once, so that Kannel is what is measured.
"""

import asyncio
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from bench import load
from bench.load import Figures
from bench.servers import CLIENT_CORE, SERVER_CORE, Server

PROGRAMS = ("bearerbox", "smsbox", "wrk", "unshare", "ip")
_ADMIN, _BOX, _HTTP, _SMPP = 13_000, 13_001, 13_013, 2_775
_READY_S = 10.0
_HEAD = struct.Struct(">IIII")
_SUBMIT, _RESPONSE = 4, 0x8000_0000
_CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = bench
smsbox-port = {box}
box-allow-ip = 127.0.0.1
log-level = 3
log-file = "{folder}/bearerbox.log"
sms-incoming-queue-limit = 10000000
sms-outgoing-queue-limit = 10000000
{store}

group = smsc
smsc = smpp
smsc-id = centre
host = 127.0.0.1
port = {smpp}
transceiver-mode = true
smsc-username = bench
smsc-password = bench
system-type = bench
max-pending-submits = 100

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {http}
global-sender = 10690
log-level = 3
log-file = "{folder}/smsbox.log"

group = sendsms-user
username = bench
password = bench
max-messages = 3
concatenation = true

group = sms-service
keyword = default
text = "none"
"""


def missing() -> list[str]:
    """What is not installed of what this needs."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


def measured(store: str, seconds: float) -> Figures:
    """Of Kannel with a store (`spool`: a file a message, never synced) or with `none`."""
    inside = f"ip link set lo up && exec {sys.executable} -m bench.kannel {store} {seconds}"
    command = ["unshare", "-rn", "sh", "-c", inside]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    if told.returncode:
        raise SystemExit(f"Kannel could not be measured:\n{told.stderr[-2_000:]}")
    return Figures(**json.loads(told.stdout))


class _Kannel(Server):
    """Two processes that are one server."""

    def __init__(self, url: str, processes: list[subprocess.Popen[bytes]]) -> None:
        super().__init__(url, processes[0].pid)
        self._processes = [psutil.Process(one.pid) for one in processes]

    def cpu_s(self) -> float:
        times = [one.cpu_times() for one in self._processes]
        return float(sum(one.user + one.system for one in times))

    def rss_mb(self) -> float:
        return float(sum(one.memory_info().rss for one in self._processes)) / 1e6


@contextmanager
def _running(store: str) -> Iterator[_Kannel]:
    with tempfile.TemporaryDirectory(prefix="kannel-bench-") as folder:
        where = "" if store == "none" else f'store-type = spool\nstore-location = "{folder}/spool"'
        Path(folder, "spool").mkdir()
        configuration = Path(folder, "kannel.conf")
        configuration.write_text(
            _CONFIGURATION.format(
                folder=folder, store=where, admin=_ADMIN, box=_BOX, http=_HTTP, smpp=_SMPP
            )
        )
        processes: list[subprocess.Popen[bytes]] = []
        try:
            processes.append(_started([sys.executable, "-m", __spec__.name, "centre"], CLIENT_CORE))
            _wait(_SMPP)
            for program, port in (("bearerbox", _BOX), ("smsbox", _HTTP)):
                command = [program, "-v", "3", str(configuration)]
                processes.append(_started(command, SERVER_CORE))
                _wait(port)
            time.sleep(1.5)  # The centre is bound by then; Kannel has no sign of it but its log.
            yield _Kannel(f"http://127.0.0.1:{_HTTP}", processes[1:])
        finally:
            for one in reversed(processes):
                one.terminate()
            for one in processes:
                with suppress(subprocess.TimeoutExpired):
                    one.wait(5)
                one.kill()


def _started(command: list[str], core: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509
    )


def _wait(port: int) -> None:
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.05)
    raise SystemExit(f"Nobody listens on {port} after {_READY_S:.0f} s.")


class _Centre(asyncio.Protocol):
    """An SMS centre that takes everything at once (SMPP 3.4: a response to each request)."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment] # of a server
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        data, at, answers = self._rest + data, 0, []
        while len(data) - at >= _HEAD.size:
            length, command, _, sequence = _HEAD.unpack_from(data, at)
            if len(data) - at < length:
                break
            if not command & _RESPONSE:
                body = b"%x\0" % sequence if command == _SUBMIT else b"centre\0"
                head = _HEAD.pack(_HEAD.size + len(body), command | _RESPONSE, 0, sequence)
                answers.append(head + body)
            at += length
        self._rest = data[at:]
        self._transport.write(b"".join(answers))


async def _centre() -> None:
    server = await asyncio.get_running_loop().create_server(_Centre, "127.0.0.1", _SMPP)
    await server.serve_forever()


def _inside(store: str, seconds: float) -> None:
    with _running(store) as server:
        figures = load.measured(server, load.requests("kannel"), seconds)
    print(json.dumps(figures.__dict__))


if __name__ == "__main__":
    if sys.argv[1] == "centre":
        asyncio.run(_centre())
    else:
        _inside(sys.argv[1], float(sys.argv[2]))
