"""Tencent's own clients, unmodified: Node's, Python's, and Python's for asyncio."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from support.node import TENCENT, installed_node
from support.tencent_app import TencentApp

NEW: Final = "2021-01-11"
OLD: Final = "2019-07-11"


@dataclass(frozen=True)
class Asked:
    """One call."""

    action: str
    parameters: Mapping[str, Any]
    version: str = NEW


@dataclass(frozen=True)
class Told:
    """What the client makes of an answer: what it was, or the error that it raised."""

    answer: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    message: str = ""
    request_id: str = ""
    error_type: str = ""


class Sdk(Protocol):
    """One of them, set up in one way."""

    @property
    def name(self) -> str: ...

    def call(self, app: TencentApp, *calls: Asked) -> list[Told]: ...


@dataclass(frozen=True)
class How:
    """What its users may set."""

    sign_method: str = "TC3-HMAC-SHA256"
    method: str = "POST"
    authority: Path | None = None
    """Whose certificates are good, for https."""
    language: str = "en-US"
    prefix: str = ""


@dataclass(frozen=True)
class NodeSdk:
    how: How = How()
    name: str = "node"

    def call(self, app: TencentApp, *calls: Asked) -> list[Told]:
        scheme, _, host = app.url.partition("://")
        asked = {
            "credential": {"secretId": app.secret_id, "secretKey": app.secret_key},
            "region": "ap-guangzhou",
            "signMethod": self.how.sign_method,
            "language": self.how.language,
            "endpoint": host + self.how.prefix,
            "protocol": f"{scheme}://",
            "reqMethod": self.how.method,
            "calls": [
                {"version": one.version, "action": one.action, "parameters": one.parameters}
                for one in calls
            ],
        }
        node = installed_node(TENCENT)
        more = {"NODE_EXTRA_CA_CERTS": str(self.how.authority)} if self.how.authority else {}
        said = node.said(node.node, "call.js", given=json.dumps(asked), **more)
        return [self._told(one) for one in json.loads(said)]

    def _told(self, one: Mapping[str, Any]) -> Told:
        error = one.get("error")
        if error is None:
            return Told(one["answer"])
        return Told(
            {}, error.get("code", ""), error["message"], error.get("requestId", ""), error["name"]
        )


@dataclass(frozen=True)
class PythonSdk:
    how: How = How()
    name: str = "python"

    def call(self, app: TencentApp, *calls: Asked) -> list[Told]:
        from tencentcloud.common.common_client import CommonClient
        from tencentcloud.common.credential import Credential
        from tencentcloud.common.exception.tencent_cloud_sdk_exception import (
            TencentCloudSDKException,
        )

        who = Credential(app.secret_id, app.secret_key)
        told = []
        for one in calls:
            client = CommonClient("sms", one.version, who, "ap-guangzhou", self.profile(app))
            typed = self._typed(one.version, who, app)
            try:
                if hasattr(typed, one.action):
                    answer = self._answered(typed, one)
                else:
                    answer = client.call_json(one.action, dict(one.parameters))["Response"]
                told.append(Told(answer))
            except TencentCloudSDKException as error:
                told.append(_raised(error))
        return told

    def profile(self, app: TencentApp) -> Any:
        from tencentcloud.common.profile.client_profile import ClientProfile
        from tencentcloud.common.profile.http_profile import HttpProfile

        scheme, _, host = app.url.partition("://")
        authority = str(self.how.authority) if self.how.authority else None
        http = HttpProfile(
            protocol=scheme,
            endpoint=host + self.how.prefix,
            reqMethod=self.how.method,
            certification=authority,
        )
        return ClientProfile(
            signMethod=self.how.sign_method, httpProfile=http, language=self.how.language
        )

    def _typed(self, version: str, who: Any, app: TencentApp) -> Any:
        if version == OLD:
            from tencentcloud.sms.v20190711 import sms_client as old

            return old.SmsClient(who, "ap-guangzhou", self.profile(app))
        from tencentcloud.sms.v20210111 import sms_client

        return sms_client.SmsClient(who, "ap-guangzhou", self.profile(app))

    def _answered(self, client: Any, one: Asked) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = json.loads(
            getattr(client, one.action)(_request(one)).to_json_string()
        )
        return answer


@dataclass(frozen=True)
class AsyncPythonSdk:
    how: How = How()
    name: str = "python for asyncio"

    def call(self, app: TencentApp, *calls: Asked) -> list[Told]:
        return asyncio.run(self._call(app, calls))

    async def _call(self, app: TencentApp, calls: Sequence[Asked]) -> list[Told]:
        from tencentcloud.common.common_client_async import CommonClient
        from tencentcloud.common.credential import Credential
        from tencentcloud.common.exception.tencent_cloud_sdk_exception import (
            TencentCloudSDKException,
        )
        from tencentcloud.sms.v20210111 import sms_client_async

        who = Credential(app.secret_id, app.secret_key)
        profile = PythonSdk(self.how).profile(app)
        told = []
        async with sms_client_async.SmsClient(who, "ap-guangzhou", profile) as client:
            for one in calls:
                try:
                    if one.version == NEW and hasattr(client, one.action):
                        made = await getattr(client, one.action)(_request(one))
                        told.append(Told(json.loads(made.to_json_string())))
                    else:
                        async with CommonClient(
                            "sms", one.version, who, "ap-guangzhou", profile
                        ) as common:
                            parameters = dict(one.parameters)
                            answer = await common.call_and_deserialize(one.action, parameters)
                            told.append(Told(answer["Response"]))
                except TencentCloudSDKException as error:
                    told.append(_raised(error))
        return told


def _request(one: Asked) -> Any:
    """As its users fill it, but from JSON: numbers and text stay what they are."""
    if one.version == OLD:
        from tencentcloud.sms.v20190711 import models as old

        request = getattr(old, f"{one.action}Request")()
    else:
        from tencentcloud.sms.v20210111 import models

        request = getattr(models, f"{one.action}Request")()
    request.from_json_string(json.dumps(one.parameters))
    return request


def _raised(error: Any) -> Told:
    return Told({}, error.code, error.message, error.requestId or "", type(error).__name__)
