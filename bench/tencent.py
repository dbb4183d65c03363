"""Calls of Tencent's clients, signed before the run as they sign them."""

import json
import time
from dataclasses import dataclass
from typing import Final

from bench import calls
from bench.load import Client
from bench.servers import Server
from hongyan.wire import tc3

MANY: Final = 200
"""Numbers that one call may have."""

_CALLS_A_SECOND: Final = {1: 25_000, MANY: 500}


@dataclass(frozen=True)
class _App:
    """As dev.json tells it."""

    secret_id: str
    secret_key: str
    sdk_app_id: str
    sign_name: str
    template_id: str


def sends(numbers: int) -> Client:
    """SendSms with so many numbers in each."""
    return calls.client(_written, numbers, _CALLS_A_SECOND[numbers])


def _written(server: Server) -> calls.Written:
    app = _App(**json.loads((server.directory / "dev.json").read_text("utf-8"))["tencent"])
    signer = tc3.Signer(app.secret_id, app.secret_key, server.url.partition("://")[2])

    def write(phones: list[str]) -> calls.Call:
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
        }
        return "/", headers, body

    return write
