"""Each SDK of Zhenzi's, and how it writes its requests: the bytes are those of requests that were
recorded, or of its published source.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote, quote_plus, urlencode

from support.zhenzi import (
    BALANCE,
    FIND,
    FORM,
    MESSAGE,
    SEND,
    SEND_TEMPLATE,
    WX_BALANCE,
    WX_FIND,
    WX_SEND,
    WX_SEND_TEMPLATE,
    Heard,
    Zhenzi,
)


class Sdk:
    """How one SDK writes what it is told to send."""

    send_path = SEND_TEMPLATE
    balance_path = BALANCE
    find_path = FIND
    by_template = True
    version = "HTTP/1.1"
    chunked = False
    headers: tuple[str, ...] = ()

    def __init__(self, house: Zhenzi) -> None:
        self.house = house

    def send(self, number: str, reference: str) -> Heard:
        """A template's values `3421` and `5分钟`, or the free text `MESSAGE`."""
        form: dict[str, Any] = {"number": number}
        if self.by_template:
            form |= {"templateId": self.house.template_id, "templateParams": ["3421", "5分钟"]}
        else:
            form |= {"message": MESSAGE}
        return self.post(
            self.send_path, form | {"messageId": reference, "clientIp": "221.221.221.1"}
        )

    def balance(self) -> Heard:
        return self.post(self.balance_path, {})

    def find(self, reference: str) -> Heard:
        return self.post(self.find_path, {"messageId": reference})

    def post(self, path: str, form: dict[str, Any]) -> Heard:
        return self.house.say(*self.framed(path, self.body(self.signed(form))))

    def signed(self, form: dict[str, Any]) -> dict[str, Any]:
        """The form with who asks, in this SDK's order."""
        return form | {"appId": self.house.app_id, "appSecret": self.house.app_secret}

    def body(self, form: dict[str, Any]) -> bytes:
        written = {
            name: self.array(value) if isinstance(value, list) else str(value)
            for name, value in form.items()
        }
        return "&".join(f"{name}={self.escaped(one)}" for name, one in written.items()).encode()

    def array(self, values: Sequence[str]) -> str:
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    def escaped(self, value: str) -> str:
        return quote_plus(value)

    def framed(self, path: str, body: bytes) -> tuple[bytes, ...]:
        length = "Transfer-Encoding: chunked" if self.chunked else f"Content-Length: {len(body)}"
        lines = [f"POST {path} {self.version}", "Host: 127.0.0.1", *self.headers, length, "", ""]
        head = "\r\n".join(lines).encode()
        return (
            (head, b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)) if self.chunked else (head, body)
        )


def json_of_java(values: Sequence[str]) -> str:
    """`JsonUtil.toJSONString`: escapes `" \\ / \\b \\f \\n \\r \\t`, and nothing else."""
    named = {"\b": "b", "\f": "f", "\n": "n", "\r": "r", "\t": "t", '"': '"', "\\": "\\", "/": "/"}
    escaped = [re.sub(r'[\b\f\n\r\t"\\/]', lambda one: "\\" + named[one[0]], v) for v in values]
    return "[" + ",".join(f'"{one}"' for one in escaped) + "]"


def component(value: str) -> str:
    """JavaScript's encodeURIComponent."""
    return quote(value, safe="!'()*-._~")


class Java201(Sdk):
    headers: tuple[str, ...] = (
        "Accept: text/xml,text/javascript,text/html",
        f"Content-Type: {FORM};charset=UTF-8",
        "User-Agent: Java/17.0.15",
        "Connection: keep-alive",
    )
    _order = ("number", "invalidTimes", "clientIp", "appId", "templateParams", "messageId")

    def signed(self, form: dict[str, Any]) -> dict[str, Any]:
        """A HashMap's order; `invalidTimes` stands for whatever a caller puts in besides."""
        whole = super().signed(form) | {"invalidTimes": "5"}
        first = {name: whole[name] for name in self._order if name in whole}
        return first | whole

    def array(self, values: Sequence[str]) -> str:
        return json_of_java(values)

    def escaped(self, value: str) -> str:
        return quote_plus(value, safe="*").replace("~", "%7E")


class Java102(Java201):
    send_path = SEND
    by_template = False

    def signed(self, form: dict[str, Any]) -> dict[str, Any]:
        return Sdk.signed(self, form | {"messageId": form.get("messageId", "")})


class CSharp2(Sdk):
    version = "HTTP/1.0"
    headers: tuple[str, ...] = (
        "Accept: text/xml,text/javascript,text/html",
        f"Content-Type: {FORM};charset=UTF-8",
        "Connection: Keep-Alive",
    )

    def array(self, values: Sequence[str]) -> str:
        return json_of_java(values)

    def escaped(self, value: str) -> str:
        """HttpUtility.UrlEncode: lower-case escapes."""
        escaped = quote_plus(value, safe="!*()")
        return re.sub("%[0-9A-F]{2}", lambda one: one[0].lower(), escaped)


class Python1a(Sdk):
    """urllib; the oldest one, and what is copied most."""

    send_path = SEND
    by_template = False
    headers: tuple[str, ...] = (
        "Accept-Encoding: identity",
        f"Content-Type: {FORM}",
        "User-Agent: Python-urllib/3.11",
        "Connection: close",
    )

    def signed(self, form: dict[str, Any]) -> dict[str, Any]:
        return super().signed({}) | form


class Python2(Sdk):
    """requests. It changes the caller's dict, so whoever sends that again sends it encoded twice."""

    headers: tuple[str, ...] = (
        "User-Agent: python-requests/2.32.3",
        "Accept-Encoding: gzip, deflate",
        "Accept: */*",
        "Connection: keep-alive",
        f"Content-Type: {FORM}",
    )

    def send_dict(self, data: dict[str, Any]) -> Heard:
        data |= {"appId": self.house.app_id, "appSecret": self.house.app_secret}
        data["templateParams"] = json.dumps(data["templateParams"])
        return self.house.say(*self.framed(self.send_path, urlencode(data).encode()))

    def array(self, values: Sequence[str]) -> str:
        return json.dumps(values)


class Python1b(Python2):
    send_path = SEND
    by_template = False


class Node2(Sdk):
    chunked = True
    headers: tuple[str, ...] = (f"Content-Type: {FORM}", "Connection: keep-alive")

    def escaped(self, value: str) -> str:
        """querystring.stringify"""
        return component(value)


class Node1(Node2):
    send_path = SEND
    by_template = False


class Php1(Sdk):
    """curl and http_build_query; curl asks before it sends what is longer than 1024 bytes."""

    send_path = SEND
    by_template = False
    headers: tuple[str, ...] = ("Accept: */*", f"Content-Type: {FORM}")


class PhpArray(Php1):
    """An array that nobody has encoded."""

    send_path = SEND_TEMPLATE
    by_template = True

    def body(self, form: dict[str, Any]) -> bytes:
        values = form.pop("templateParams", [])
        indexed = {f"templateParams[{index}]": one for index, one in enumerate(values)}
        return urlencode(form | indexed).encode()


class Wx2(Sdk):
    """wx.request in a mini program; it sends all fields always."""

    send_path = WX_SEND_TEMPLATE
    balance_path = WX_BALANCE
    find_path = WX_FIND
    headers: tuple[str, ...] = (
        f"content-type: {FORM}",
        "Referer: https://servicewechat.com/wx0123456789abcdef/0/page-frame.html",
        "User-Agent: Mozilla/5.0 (iPhone) MicroMessenger/8.0.50 NetType/WIFI Language/zh_CN",
        "Accept-Encoding: gzip,compress,br,deflate",
        "Connection: keep-alive",
    )
    api_url: str | None = "https://sms_developer.zhenzikj.com"

    def signed(self, form: dict[str, Any]) -> dict[str, Any]:
        about = {"apiUrl": self.api_url} if self.api_url else {}
        return about | super().signed({}) | form

    def escaped(self, value: str) -> str:
        return component(value)


class Wx1a(Wx2):
    send_path = WX_SEND
    by_template = False

    def signed(self, form: dict[str, Any]) -> dict[str, Any]:
        whole = super().signed(form)
        whole.pop("clientIp", None)
        return whole


class Wx1b(Wx1a):
    """`sendCode`: the code is made on the phone, and there is no messageId."""

    def send_code(self, number: str, message: str, code: str) -> Heard:
        form = {"message": message.replace("{code}", code), "number": number, "messageId": ""}
        return self.post(self.send_path, form)


class Wx1c(Wx1a):
    def signed(self, form: dict[str, Any]) -> dict[str, Any]:
        return Wx2.signed(self, form)


class Cloud(Wx2):
    """A cloud function, by the package `request`, which drops what is undefined."""

    headers: tuple[str, ...] = (
        f"content-type: {FORM}",
        "accept: application/json",
        "Connection: keep-alive",
    )

    def find(self, reference: str) -> Heard:
        """The published example passes no apiUrl here."""
        self.api_url = None
        return super().find(reference)


class CloudWords(Cloud):
    send_path = WX_SEND
    by_template = False


class Go(Sdk):
    headers: tuple[str, ...] = (
        "User-Agent: Go-http-client/1.1",
        f"Content-Type: {FORM}",
        "Accept-Encoding: gzip",
    )

    def signed(self, form: dict[str, Any]) -> dict[str, Any]:
        """url.Values.Encode sorts."""
        return dict(sorted(super().signed(form).items()))


class QuickApp(Python1a):
    """fetch.fetch, with a charset in capitals."""

    headers: tuple[str, ...] = (
        "Content-Type: application/x-www-form-urlencoded; charset=utf-8",
        "Accept: */*",
    )


class WePush(Sdk):
    """Values joined by semicolons, to the path of free texts."""

    send_path = WX_SEND
    headers: tuple[str, ...] = (
        f"Content-Type: {FORM};charset=UTF-8",
        "Accept: text/html,*/*;q=0.8",
    )

    def array(self, values: Sequence[str]) -> str:
        return ";".join(values)


SDKS: Final[tuple[type[Sdk], ...]] = (
    *(Java201, Java102, CSharp2, Python1a, Python1b, Python2, Node1, Node2, Php1, PhpArray),
    *(Wx1a, Wx1b, Wx1c, Wx2, Cloud, CloudWords, Go, QuickApp, WePush),
)
