"""Calls of Tencent's clients: signed before the run as they sign them, each with numbers of its own.

wrk says them; a call that comes a second time would be a repetition and send nothing, so more of
them are written than can be answered.
"""

import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench import load
from bench.load import Client, Run
from bench.servers import Server
from hongyan.wire import tc3

MANY: Final = 200
"""Numbers that one call may have."""

_SCRIPT = Path(__file__).with_name("replayed.lua")
_CALLS_A_SECOND: Final = {1: 25_000, MANY: 500}
_PREFIXES: Final = ("130", "133", "135", "138", "150", "156", "158", "177", "180", "185", "188")
_NUMBERS: Final = 10**8
_STEP: Final = 7_919
"""Prime to 10^8: every number comes once before any comes again."""


@dataclass(frozen=True)
class _App:
    """As dev.json tells it."""

    secret_id: str
    secret_key: str
    sdk_app_id: str
    sign_name: str
    template_id: str


def calls(numbers: int) -> Client:
    """SendSms with so many numbers in each."""

    def run(server: Server, seconds: float, seed: int) -> Run:
        app = _App(**json.loads((server.directory / "dev.json").read_text("utf-8"))["tencent"])
        most = round(max(seconds, 1) * _CALLS_A_SECOND[numbers])
        with tempfile.NamedTemporaryFile(prefix="hongyan-bench-") as file:
            _write(Path(file.name), server, app, numbers, most, seed)
            said = load.wrk(server, _SCRIPT, {"HY_CALLS": file.name}, seconds)
        if said.answered > most:
            raise SystemExit("There were not enough calls; write more of them.")
        return said

    return run


def _write(path: Path, server: Server, app: _App, numbers: int, calls: int, seed: int) -> None:
    host = server.url.partition("://")[2]
    signer = tc3.Signer(app.secret_id, app.secret_key, host)
    at = time.time_ns() % _NUMBERS + seed * _NUMBERS // 4
    with path.open("wb") as file:
        for _ in range(calls):
            phones = [_phone(at + place) for place in range(numbers)]
            at += numbers
            body = json.dumps(
                {
                    "PhoneNumberSet": phones,
                    "SmsSdkAppId": app.sdk_app_id,
                    "SignName": app.sign_name,
                    "TemplateId": app.template_id,
                    "TemplateParamSet": ["384592", "5"],
                }
            ).encode()
            headers = signer.posted(body, int(time.time())) | {
                "x-tc-action": "SendSms",
                "x-tc-version": "2021-01-11",
                "x-tc-region": "ap-guangzhou",
                "x-tc-requestclient": "SDK_PYTHON_3.1.153",
                "content-length": str(len(body)),
            }
            head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            file.write(f"POST / HTTP/1.1\r\n{head}\r\n".encode() + body + b"\0")


def _phone(place: int) -> str:
    prefix = _PREFIXES[place // _NUMBERS % len(_PREFIXES)]
    return f"+86{prefix}{place * _STEP % _NUMBERS:08d}"
