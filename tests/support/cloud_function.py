"""Cloud functions as they run in WeChat's cloud: what is in their environment, and by which SDK."""

import http.client
import json
import shutil
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from hongyan.service import enrol
from hongyan.wire.cloudcall import call, commapi, cos, multipart, tc3
from hongyan.wire.cloudcall.commapi import AnswerData
from hongyan.wire.cloudcall.permission import EVERYTHING
from hongyan.wire.http import Request
from support.held import HeldHouse
from support.mini_program import MiniProgram, app_of, noticed
from support.node import CLIENT, installed_node

FOLDER: Final = Path(__file__).parents[1] / "clients" / "cloudcall"
DOCUMENT: Final = CLIENT / "cloudfunctions" / "sendSms"
VERSIONS: Final = ("4.0.2", "3.0.4", "2.6.3", "2.1.2", "1.8.3", "0.8.1", "0.4.3")
TOLD_AN_ADDRESS: Final = frozenset(VERSIONS[:3])
"""Those that go where TCB_CONTEXT_CNFG says. Others take a proxy, as in the developer tools."""
SEND: Final = "cloudbase.sendSms"

_BOUNDARY: Final = "0123456789"


@dataclass(frozen=True)
class CloudFunction:
    """A function, and what its cloud has put into its environment."""

    url: str
    env: str
    secret_id: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    template: str = ""

    def having(self, **changes: str) -> "CloudFunction":
        return replace(self, **changes)

    def environment(self, version: str) -> dict[str, str]:
        """Variables by which the SDK of this version comes to the house, and nothing else."""
        told = version in TOLD_AN_ADDRESS
        return {
            "TENCENTCLOUD_RUNENV": "SCF" if told else "WX_LOCAL_SCF",
            "TENCENTCLOUD_REGION": "ap-shanghai",
            "TENCENTCLOUD_SECRETID": self.secret_id,
            "TENCENTCLOUD_SECRETKEY": self.secret_key,
            "SCF_NAMESPACE": self.env,
            "TCB_ENV": self.env,
            "WX_CONTEXT_KEYS": "WX_API_TOKEN",
            "WX_API_TOKEN": self.token,
            "HTTP_PROXY": "" if told else self.url,
            "TCB_CONTEXT_CNFG": json.dumps({"URL": f"{self.url}/admin"}) if told else "",
        }

    def call(
        self,
        version: str,
        *given: Any,
        api: str = SEND,
        options: Mapping[str, Any] | None = None,
        init: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> list[Any]:
        """What the function gets for each of these, all within one run of it."""
        asked = {
            "version": version,
            "init": init or {},
            "calls": [{"api": api, "given": [one], "options": options} for one in given],
        }
        found: list[Any] = told("call.js", asked, environment or self.environment(version))
        return found

    def marketing(self, *numbers: str, **changes: Any) -> dict[str, Any]:
        """As the document has it."""
        return {
            "env": self.env,
            "content": "发布了新的能力",
            "path": "/index.html",
            "phoneNumberList": list(numbers),
            "smsType": "Marketing",
            "useShortName": True,
        } | changes

    def notification(self, *numbers: str, **changes: Any) -> dict[str, Any]:
        """As the document has it."""
        return {
            "env": self.env,
            "phoneNumberList": list(numbers),
            "smsType": "Notification",
            "templateId": self.template,
            "templateParamList": ["商品", "/index.html"],
        } | changes


def told(program: str, asked: Any, environment: Mapping[str, str]) -> Any:
    """What one of the programs says. SDKs may say something of their own before."""
    node = installed_node(FOLDER)
    said = node.said(node.node, program, given=json.dumps(asked), **environment)
    return json.loads(said.splitlines()[-1])


def deployed(folder: Path, version: str) -> Path:
    """The document's function where the cloud has put it: beside the SDK that it asks for."""
    shutil.copytree(DOCUMENT, folder, dirs_exist_ok=True)
    installed_node(FOLDER)
    modules = folder / "node_modules"
    modules.mkdir()
    (modules / "wx-server-sdk").symlink_to(FOLDER / "node_modules" / f"sdk-{version}")
    return folder


def function_of(
    house: HeldHouse, mini: MiniProgram, *permissions: str, env: str = ""
) -> CloudFunction:
    """A function of a mini program; with no permissions named, it has all."""
    app = app_of(house, mini)
    with house.administering() as administering, administering.together():
        key = enrol.new_secret_key(app.account.id)
        administering.add_secret_key(key)
        token = enrol.permit(administering, app, env or mini.env, permissions or {EVERYTHING})
    noticed(house)
    return CloudFunction(
        house.url, env or mini.env, key.id, key.secret, token.secret, mini.template
    )


@dataclass(frozen=True)
class Answered:
    """What a cloud call was answered, as an SDK tells answers apart."""

    status: int
    content_type: str
    body: bytes

    @property
    def refused(self) -> str:
        """CloudBase's word for why it was not let in."""
        assert (self.status, self.content_type) == (200, "application/json; charset=utf-8"), self
        found = json.loads(self.body)
        assert list(found) == ["code", "message", "requestId"]
        assert found["message"].endswith(".")
        assert found["requestId"]
        return str(found["code"])

    @property
    def data(self) -> AnswerData:
        assert (self.status, self.content_type) == (200, "application/octet-stream"), self
        return commapi.read_answer(self.body)

    @property
    def failure(self) -> int:
        """Of the cloud call itself."""
        assert not self.data.body
        return self.data.error_code

    @property
    def json(self) -> Any:
        """What the API says."""
        assert self.data.error_code == 0, self
        return json.loads(self.data.body)

    @property
    def errcode(self) -> int:
        found: int = self.json.get("errcode", 0)
        return found


@dataclass(frozen=True)
class Plain:
    """Makes cloud calls without any SDK, so that they can be wrong."""

    function: CloudFunction
    now_s: int
    by_cos: bool = False
    """As SDKs before 2 sign."""

    def form(self, api: str = SEND, appid: str = "", **given: Any) -> dict[str, bytes]:
        """In the order of the SDK."""
        return {
            "action": b"wx.openApi",
            "apiname": api.encode(),
            "requestdata": call.request_data(given, appid),
            "envname": self.function.env.encode(),
            "wxcloudapitoken": self.function.token.encode(),
        }

    def ask(self, api: str = SEND, appid: str = "", **given: Any) -> Answered:
        return self.post(self.form(api, appid, **given))

    def post(self, form: dict[str, bytes], target: str = "/admin") -> Answered:
        """Signed, whatever it holds."""
        parts = urlsplit(self.function.url)
        kind = f"multipart/form-data; boundary={_BOUNDARY}"
        headers = {"host": parts.netloc, "user-agent": "tests", "content-type": kind}
        if self.by_cos:
            headers.pop("content-type")
        named = {name.encode(): value.encode() for name, value in headers.items()}
        path, _, query = target.partition("?")
        request = Request("POST", path, query.encode(), named, b"", "")
        who = self.function.secret_id, self.function.secret_key
        if self.by_cos:
            written = cos.authorization(request, form, who, self.now_s)
            form = form | {"authorization": written.encode()}
            headers["content-type"] = kind
        else:
            headers |= tc3.headers(request, form, who, self.now_s)
        return self.raw(multipart.written(form, _BOUNDARY, "requestdata"), headers, target)

    def raw(
        self, body: bytes, headers: Mapping[str, str], target: str = "/admin", method: str = "POST"
    ) -> Answered:
        """Any bytes at all."""
        parts = urlsplit(self.function.url)
        assert parts.hostname is not None
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=15)
        with closing(connection):
            connection.request(method, target, body, dict(headers))
            answer = connection.getresponse()
            kind = answer.getheader("content-type") or ""
            return Answered(answer.status, kind, answer.read())
