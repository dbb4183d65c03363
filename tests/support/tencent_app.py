"""An app of the Tencent protocol: made in a house, and a plain client that signs its calls."""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final

import msgspec

from hongyan.core.country import Scope
from hongyan.core.message import Kind
from hongyan.service.administer import create_app
from hongyan.service.directory import Review, SecretKey, TencentProfile
from hongyan.wire import tc3
from hongyan.wire.tencent.actions import NEW
from support.held import HeldHouse
from support.process import Answer, Client, Dev
from support.zhenzi import noticed

SIGN_NAME: Final = "AA生活服务"
BODY: Final = "您的验证码为：{1}，请于{2}分钟内填写。如非本人操作，请忽略本短信。"
NOTICE: Final = "您好，{1}已为您预约成功，请按时到店。"
MARKETING: Final = "{1}全场八折，欢迎光临，拒收请回复R"
ABROAD: Final = "Your code is {1}, good for {2} minutes."
_made: Final = count(1)


@dataclass(frozen=True)
class Said:
    """An answer: always HTTP 200, `application/json` and nothing behind it, with a RequestId."""

    answer: Answer

    @property
    def response(self) -> dict[str, Any]:
        assert self.answer.status == 200, self.answer
        assert self.answer.headers["content-type"] == "application/json"
        found = self.answer.json
        assert list(found) == ["Response"]
        response: dict[str, Any] = found["Response"]
        assert len(response["RequestId"]) == 36
        return response

    @property
    def error(self) -> str:
        """The code of a call that was refused as a whole; empty for one that was not."""
        error = self.response.get("Error")
        if error is None:
            return ""
        assert set(self.response) == {"Error", "RequestId"}
        assert error["Message"]
        code: str = error["Code"]
        return code

    @property
    def message(self) -> str:
        return str(self.response["Error"]["Message"])

    @property
    def statuses(self) -> list[dict[str, Any]]:
        assert not self.error, self.response
        found: list[dict[str, Any]] = self.response.get("SendStatusSet") or self.response.get(
            "SendMultiStatusSet", []
        )
        return found

    @property
    def codes(self) -> list[str]:
        """Of each number; of a call that was refused as a whole, its own."""
        return [self.error] if self.error else [one["Code"] for one in self.statuses]


@dataclass(frozen=True)
class TencentApp:
    """Who calls, and as which app."""

    url: str
    secret_id: str
    secret_key: str = field(repr=False)
    sdk_app_id: str
    template_id: str
    sign_name: str = SIGN_NAME
    address: str = "127.0.0.1"
    name: str = ""
    """The app's, to operators."""
    ahead_s: int = 0
    """By how much the caller's clock is."""
    path: str = "/"
    token: str = field(default="", repr=False)
    """Of temporary credentials."""

    def but(self, **differing: Any) -> "TencentApp":
        return replace(self, **differing)

    def form(self, *numbers: str, **changes: Any) -> dict[str, Any]:
        """A good SendSms; None takes a field out."""
        good: dict[str, Any] = {
            "PhoneNumberSet": list(numbers),
            "SmsSdkAppId": self.sdk_app_id,
            "SignName": self.sign_name,
            "TemplateId": self.template_id,
            "TemplateParamSet": ["384592", "5"],
        }
        return {name: value for name, value in (good | changes).items() if value is not None}

    def send(self, *numbers: str, **changes: Any) -> Said:
        return self.call("SendSms", **self.form(*numbers, **changes))

    def sent(self, *numbers: str, **changes: Any) -> list[str]:
        """The SerialNo of each text."""
        said = self.send(*numbers, **changes)
        assert set(said.codes) == {"Ok"}, said.answer
        return [one["SerialNo"] for one in said.statuses]

    def call(self, action: str, /, **parameters: Any) -> Said:
        body = json.dumps(parameters, ensure_ascii=False).encode()
        return self.post(body, self.headers(action, body))

    def headers(self, action: str, body: bytes, version: str = NEW) -> dict[str, str]:
        """Of a call that is signed now."""
        host = self.url.partition("://")[2]
        now = int(time.time()) + self.ahead_s
        signed = tc3.Signer(self.secret_id, self.secret_key, host).posted(body, now, self.path)
        asked = {"x-tc-token": self.token} if self.token else {}
        asked |= {"x-tc-action": action, "x-tc-version": version, "x-tc-language": "en-US"}
        return {name.title(): value for name, value in (signed | asked).items()}

    def post(self, body: bytes, headers: Mapping[str, str]) -> Said:
        client = Client(self.url, address=self.address)
        return Said(client.call("POST", self.path, body, headers))


def moved_in(
    house: Dev | HeldHouse,
    *,
    units: int = 1_000,
    account_kind: str = "enterprise",
    kind: Kind = Kind.VERIFICATION,
    body: str = BODY,
    review: Review = Review.APPROVED,
    scope: Scope = Scope.BOTH,
    key: Mapping[str, Any] | None = None,
    **differing: Any,
) -> TencentApp:
    """An app with an account, a signature, a template and a key of its own; `differing` is the
    app's.
    """
    number = next(_made)
    name, sdk_app_id = f"app_tencent_{number}", f"14009{number:05d}"
    secret_id = "AKID" + secrets.token_hex(16)
    with house.administering() as administering, administering.together():
        account = administering.create_account(name, account_kind)
        if units:
            administering.add_package(account, units, "")
        administering.add_signature(account, SIGN_NAME, Scope.BOTH)
        create_app(administering, account, name, name)
        app = administering.directory().apps[name]
        administering.name_app(app.id, "tencent", sdk_app_id)
        template = administering.add_template(account, name, kind, "", body, scope)
        administering.review_template(template, review, "")
        profile = differing.pop("tencent", TencentProfile())
        administering.change_app(msgspec.structs.replace(app, tencent=profile, **differing))
        made = SecretKey(id=secret_id, account=account, secret=secrets.token_hex(16))
        administering.add_secret_key(msgspec.structs.replace(made, **(key or {})))
    return TencentApp(house.url, secret_id, made.secret, sdk_app_id, str(template), name=name)


def templated(
    house: Dev | HeldHouse,
    app: TencentApp,
    body: str,
    kind: Kind,
    *,
    scope: Scope = Scope.MAINLAND,
    review: Review = Review.APPROVED,
) -> str:
    """The id of another template of the app's account, which the house has noticed."""
    with house.administering() as administering, administering.together():
        account = administering.directory().apps[app.name].account.id
        made = administering.add_template(account, f"t{next(_made)}", kind, "", body, scope)
        administering.review_template(made, review, "")
    noticed(house)
    return str(made)


def changed(house: Dev | HeldHouse, app: TencentApp, **differing: Any) -> None:
    """What an operator changes of an app, and that the house has noticed it."""
    with house.administering() as administering:
        one = administering.directory().apps[app.name]
        administering.change_app(msgspec.structs.replace(one, **differing))
    noticed(house)
