"""Calls of WeChat's clients: sendsms with an access token, a notification or marketing with links."""

import json
import urllib.request
from typing import Any, Final
from urllib.parse import quote

from bench import calls
from bench.load import Client
from bench.servers import Server
from hongyan.wire.wechat.requests import MARKETING, MOST_NUMBERS, NOTIFICATION

MANY: Final = MOST_NUMBERS

_CALLS_A_SECOND: Final = {1: 25_000, MANY: 60}


def sends(sms_type: str, numbers: int) -> Client:
    """Of one number over many connections; of many one after the other, for what one call takes."""
    one_by_one = {} if numbers == 1 else {"connections": 1}

    def writer(server: Server) -> calls.Written:
        return _written(server, sms_type)

    return calls.client(writer, numbers, _CALLS_A_SECOND[numbers], **one_by_one)


def _written(server: Server, sms_type: str) -> calls.Written:
    app = json.loads((server.directory / "dev.json").read_text("utf-8"))["wechat"]
    path = f"/tcb/sendsms?access_token={quote(_token(server, app))}"
    wording: dict[str, Any] = {
        MARKETING: {"content": "新品上市，全场八折", "path": "/index.html"},
        NOTIFICATION: {
            "template_id": app["notification_template_id"],
            "template_param_list": ["理发套餐", "/index.html"],
        },
    }[sms_type]

    def write(phones: list[str]) -> calls.Call:
        asked = {"env": app["env"], "sms_type": sms_type, "phone_number_list": phones} | wording
        return path, {"content-type": "application/json"}, json.dumps(asked).encode()

    return write


def _token(server: Server, app: dict[str, str]) -> str:
    asked = {
        "grant_type": "client_credential",
        "appid": app["appid"],
        "secret": app["secret"],
    }
    url = f"{server.url}/cgi-bin/stable_token"
    with urllib.request.urlopen(url, json.dumps(asked).encode()) as answer:  # noqa: S310 - ours
        token: str = json.loads(answer.read())["access_token"]
    return token
