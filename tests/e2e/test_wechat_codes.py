"""WeChat's errcodes, each reached over HTTPS; bad input is told so and costs nothing."""

import json
import socket
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest

from hongyan.core.message import Kind
from hongyan.core.time import DAY, SECOND
from hongyan.service.directory import WechatProfile
from hongyan.wire.wechat.answers import written_time
from support.held import HeldHouse
from support.mini_program import (
    CONTENT,
    NICKNAME,
    PHONE,
    RECORDS,
    SCHEME,
    SEND,
    SEND_V2,
    SESSION,
    URL_LINK,
    Holder,
    MiniProgram,
    changed,
    moved_in,
    new_number,
    websites_of,
)

pytestmark = pytest.mark.timeout(40)

LONG = "三十一个字的内容三十一个字的内容三十一个字的内容三十一个字的内"
assert len(LONG) == 31


@pytest.fixture
def mini(held: HeldHouse) -> MiniProgram:
    return moved_in(held)


@pytest.fixture
def holder(mini: MiniProgram) -> Holder:
    return mini.with_token()


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"env": None}, "env is empty"),
        ({"env": ""}, "env is empty"),
        ({"phone_number_list": None}, "phone_number_list is empty"),
        ({"phone_number_list": []}, "phone_number_list is empty"),
        (
            {"phone_number_list": ["+8613800138000"] * 1_001},
            "phone_number_list has over 1000 numbers",
        ),
        (
            {"phone_number_list": ["+8613800138000", "13800138000"]},
            "phone_number_list[1] does not begin with +86",
        ),
        (
            {"phone_number_list": ["+85261234567"]},
            "phone_number_list[0] does not begin with +86",
        ),
        ({"sms_type": "Verification"}, "sms_type is neither Marketing nor Notification"),
        ({"content": None}, "content is empty"),
        ({"path": None}, "path is empty"),
        ({"sms_type": "Notification"}, "template_id is empty"),
    ],
)
def test_a_wrong_parameter_is_named(
    held: HeldHouse, holder: Holder, changes: dict[str, Any], detail: str
) -> None:
    heard = holder.send(new_number(), **changes)
    assert heard.fault == (-501007, f"{detail} TcbCode: [InvalidParameter]")
    assert holder.balance(held) == 100_000


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"env": "online-0"}, (-601027, "invalid env")),
        ({"content": LONG}, (-601029, "content is too long")),
        ({"content": "特价★"}, (-601030, "content is illegal")),
        ({"content": "【别人】你好"}, (-601030, "content is illegal")),
        ({"content": "两\n行"}, (-601030, "content is illegal")),
        ({"content": "\u0007"}, (-601030, "content is illegal")),
        ({"content": " "}, (-601030, "content is illegal")),
        ({"path": "index.html"}, (-601031, "invalid Path")),
        ({"path": "//example.com/index.html"}, (-601031, "invalid Path")),
        ({"path": "https://example.com/"}, (-601031, "invalid Path")),
        ({"path": "/../index.html"}, (-601031, "invalid Path")),
        ({"path": "/%2e%2e/index.html"}, (-601031, "invalid Path")),
        ({"path": "/a//index.html"}, (-601031, "invalid Path")),
        ({"path": "/\\example.com"}, (-601031, "invalid Path")),
        ({"path": "/index.html\r\nLocation: x"}, (-601031, "invalid Path")),
        ({"path": "/index.html" + "?" + "a" * 512}, (-601031, "invalid Path")),
        ({"path": "/nowhere.html"}, (-607001, "invalid static website path")),
        ({"path": "/index.html/"}, (-607001, "invalid static website path")),
        ({"resource_appid": "wx0"}, (-601027, "invalid env")),
    ],
)
def test_what_cannot_be_sent_is_refused_whole(
    held: HeldHouse, holder: Holder, changes: dict[str, Any], fault: tuple[int, str]
) -> None:
    number = new_number()
    assert holder.send(number, **changes).fault == fault
    assert holder.balance(held) == 100_000
    assert holder.texts(number) == []


def test_the_whole_text_has_70_characters_at_most(held: HeldHouse) -> None:
    profile = WechatProfile(nickname="十二个字的小程序名称啊哈")
    holder = moved_in(held, profile=profile).with_token()
    fits, over = LONG[:20], LONG[:21]
    assert holder.send(new_number(), content=fits).errcode == 0
    assert holder.send(new_number(), content=over).fault == (-601029, "content is too long")


def test_who_a_mini_program_is_is_looked_at(held: HeldHouse) -> None:
    def refused(**profile: Any) -> tuple[int, str]:
        holder = moved_in(held, profile=WechatProfile(**profile)).with_token()
        return holder.send(new_number(), **more).fault

    more: dict[str, Any] = {}
    assert refused() == (-601032, "nickname is empty")
    assert refused(nickname=NICKNAME, is_personal=True) == (
        -601033,
        "only support non-personal miniprogram",
    )
    errcode, errmsg = refused(nickname="十三个字的小程序名称啊哈啊")
    assert errcode == -501007
    assert "use_short_name" in errmsg
    more = {"use_short_name": True}
    assert refused(nickname=NICKNAME) == (-601032, "nickname is empty")


def test_an_environment_has_a_website(held: HeldHouse) -> None:
    without = moved_in(held, website=False).with_token()
    refused = (-601028, "static website is not enabled")
    assert without.send(new_number()).fault == refused
    assert without.notify(new_number()).errcode == 0
    nothing = moved_in(held, environment=False).with_token()
    assert nothing.send(new_number()).fault == (85088, "no qbase privilege")
    empty = moved_in(held)
    (websites_of(held) / empty.env / "index.html").unlink()
    (websites_of(held) / empty.env).rmdir()
    assert empty.with_token().send(new_number()).fault == refused


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        (["商品"], -501007),
        (["商品", "a", "b"], -501007),
        (["商品", "https://example.com"], -501007),
        (["商品", "两\n行"], -501007),
        (["商品", "【别人】"], -601030),
        (["a"] * 21, -501007),
    ],
)
def test_values_suit_their_template(holder: Holder, values: list[str], fault: int) -> None:
    heard = holder.notify(new_number(), template_param_list=values)
    assert heard.fault[0] == fault


def test_a_route_is_needed(held: HeldHouse, holder: Holder) -> None:
    with held.administering() as administering:
        administering.put_route(Kind.MARKETING, [])
    changed(held, holder.mini)
    assert holder.send(new_number()).fault == (-1, "system error")
    assert holder.balance(held) == 100_000


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff",
        b"{" * 10_000,
        b"[" * 10_000,
        b'{"env": 1}',
        b'{"env": "e", "phone_number_list": "+8613800138000"}',
        b'{"env": "e", "phone_number_list": [13800138000]}',
        b'{"env": "e", "use_short_name": "true"}',
        b"env=e&content=c",
    ],
)
def test_what_is_no_json_of_the_api_is_told_so(holder: Holder, body: bytes) -> None:
    for path in (SEND, SEND_V2, URL_LINK, SCHEME, PHONE):
        if path in {URL_LINK, SCHEME, PHONE} and b"env" in body and body[:1] == b"{":
            continue  # What an API does not know it does not look at.
        assert holder.call(path, body).fault == (47001, "data format error")


def test_every_other_path_is_no_api(mini: MiniProgram) -> None:
    token = mini.token()
    for path in ("/tcb/databasequery", "/cgi-bin/message/send", "/wxa/getwxacode", "/sns/x"):
        assert mini.post(path, {}, access_token=token).fault == (48001, "api unauthorized,")
        assert mini.get(path).fault == (48001, "api unauthorized,")


# Links and schemes.


def test_a_url_link_opens_a_page(mini: MiniProgram, holder: Holder) -> None:
    heard = holder.call(URL_LINK, {"path": "pages/index/index"})
    assert heard.json["errcode"] == 0
    assert heard.json["errmsg"] == "ok"
    assert heard.json["url_link"].startswith(f"{mini.url}/u/")
    website = {"env": mini.env, "path": "/index.html", "query": "a=1"}
    assert holder.call(URL_LINK, {"cloud_base": website}).errcode == 0
    wrong = website | {"path": "//example.com"}
    assert holder.call(URL_LINK, {"cloud_base": wrong}).fault[0] == -601031
    wrong = website | {"path": "/none.html"}
    assert holder.call(URL_LINK, {"cloud_base": wrong}).fault[0] == -607001
    wrong = website | {"env": "x"}
    assert holder.call(URL_LINK, {"cloud_base": wrong}).fault[0] == -601027


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"path": "pages/../x y"}, 40165),
        ({"query": "a" * 1_025}, 40212),
        ({"query": "a\nb"}, 40212),
        ({"env_version": "beta"}, 40097),
    ],
)
def test_what_a_link_opens_is_looked_at(
    holder: Holder, changes: dict[str, Any], errcode: int
) -> None:
    assert holder.call(URL_LINK, changes).fault[0] == errcode
    assert holder.call(SCHEME, {"jump_wxa": changes}).fault[0] == errcode


def test_when_a_link_ends_is_looked_at(held: HeldHouse, holder: Holder) -> None:
    late = {"expire_type": 1, "expire_interval": 31}
    assert holder.call(URL_LINK, late).fault == (85401, "time limit between 1min and 1year")
    past = {"expire_type": 0, "expire_time": held.clock() // SECOND - 60}
    assert holder.call(URL_LINK, past).fault[0] == 85401
    assert holder.call(SCHEME, past | {"is_expire": True}).fault[0] == 85401
    assert holder.call(URL_LINK, {"expire_type": 2, "expire_interval": 1}).fault[0] == 40097


def test_a_scheme_is_one_that_wechat_opens(holder: Holder) -> None:
    asked = {"jump_wxa": {"path": "pages/index/index", "query": "a=1"}, "is_expire": False}
    heard = holder.call(SCHEME, asked)
    assert heard.json["errcode"] == 0
    assert heard.json["openlink"].startswith("weixin://dl/business/?t=")
    assert holder.call(SCHEME, asked).json["openlink"] != heard.json["openlink"]


# Records.


def test_records_tell_what_became_of_texts(held: HeldHouse, holder: Holder) -> None:
    one, other = new_number(), new_number()
    holder.sent(holder.send(one))
    holder.sent(holder.notify(other))
    holder.text(one)
    holder.text(other)
    today = written_time(held.clock())[:10]
    wrapped = {"PostData": {"EnvId": holder.mini.env, "StartDate": today, "EndDate": today}}
    told = records(holder, wrapped)
    assert told["TotalCount"] == 2
    assert len(told["RequestId"]) == 36
    newest, oldest = told["SmsRecords"]
    assert newest["Mobile"].startswith("+86")
    assert CONTENT in oldest["Content"]
    assert oldest["ContentSize"] == len(oldest["Content"])
    assert oldest["Fee"] >= 1
    assert oldest["Status"] == "sent"
    flat = {"env_id": holder.mini.env, "start_date": today, "end_date": today}
    assert records(holder, flat | {"mobile": one})["TotalCount"] == 1
    assert records(holder, flat | {"mobile": new_number()})["SmsRecords"] == []
    page = records(holder, flat | {"page_number": 2, "page_size": 1})
    assert [record["CreateTime"] for record in page["SmsRecords"]] == [oldest["CreateTime"]]
    assert page["TotalCount"] == 2


def records(holder: Holder, asked: Any) -> Any:
    heard = holder.call(RECORDS, asked)
    assert heard.errcode == 0, heard
    return heard.json


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"EnvId": ""}, -501007),
        ({"EnvId": "x"}, -601027),
        ({"StartDate": "2026-13-01"}, -501007),
        ({"StartDate": "yesterday"}, -501007),
        ({"StartDate": "2026-12-02"}, -501007),
        ({"PageNumber": 0}, -501007),
        ({"PageSize": 1_001}, -501007),
        ({"QueryId": "none"}, -501007),
        ({"Mobile": "1"}, -501007),
        ({"PageSize": "1"}, 47001),
    ],
)
def test_what_is_asked_of_records_is_looked_at(
    holder: Holder, changes: dict[str, Any], errcode: int
) -> None:
    asked = {"EnvId": holder.mini.env, "StartDate": "2026-11-01", "EndDate": "2026-11-30"}
    assert holder.call(RECORDS, {"PostData": asked | changes}).fault[0] == errcode
    assert holder.call(RECORDS, asked | changes).fault[0] == errcode


def test_records_are_told_for_two_months(held: HeldHouse, holder: Holder) -> None:
    holder.sent(holder.send(new_number()))
    day = written_time(held.clock())[:10]
    asked = {"EnvId": holder.mini.env, "StartDate": day, "EndDate": day}
    held.clock.pass_by(64 * DAY)
    assert records(holder.mini.with_token(), asked)["TotalCount"] == 0


# Users, in development.


def session(mini: MiniProgram, code: str, **changes: str) -> Any:
    query = {"appid": mini.appid, "secret": mini.secret, "grant_type": "authorization_code"}
    return mini.get(SESSION, **(query | {"js_code": code} | changes))


def test_a_made_up_user_logs_in(held: HeldHouse, mini: MiniProgram, holder: Holder) -> None:
    anna = session(mini, "user-anna").json
    assert len(anna["openid"]) == 28
    assert anna["openid"] == session(mini, "user-anna").json["openid"]
    assert anna["openid"] != session(mini, "user-bert").json["openid"]
    assert anna["openid"] != session(moved_in(held), "user-anna").json["openid"]
    asked = {"code": "phone-13800138000", "openid": anna["openid"]}
    told = holder.call(PHONE, asked).json
    assert told["errmsg"] == "ok"
    info = told["phone_info"]
    assert info["purePhoneNumber"] == info["phoneNumber"] == "13800138000"
    assert info["countryCode"] == "86"
    assert info["watermark"]["appid"] == mini.appid
    assert holder.call(PHONE, asked | {"openid": "o" * 28}).fault == (40003, "invalid openid")
    assert holder.call(PHONE, {"code": "phone-1"}).fault == (40029, "invalid code")
    assert holder.call(PHONE, {"code": "x"}).fault == (40029, "invalid code")
    assert holder.call(PHONE, {}).fault == (41008, "missing code")


def test_codes_of_users_are_looked_at(mini: MiniProgram) -> None:
    assert session(mini, "x").fault == (40029, "invalid code")
    assert session(mini, "user-").fault == (40029, "invalid code")
    assert session(mini, "").fault == (41008, "missing code")
    assert session(mini, "blocked").fault == (40226, "code blocked")
    assert session(mini, "user-a", secret="x").fault == (40125, "invalid appsecret")
    assert session(mini, "user-a", grant_type="").fault == (40002, "invalid grant_type")


# What real clients send.


def raw(mini: MiniProgram, written: bytes) -> Any:
    parts = urlsplit(mini.url)
    assert parts.hostname is not None
    with closing(socket.create_connection((parts.hostname, parts.port or 80), 10)) as line:
        line.sendall(written)
        answer = b""
        while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
            piece = line.recv(1 << 16)
            assert piece, answer
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    return json.loads(body)


def test_what_real_clients_send_is_read(holder: Holder) -> None:
    token = holder.token.encode()
    body = json.dumps(holder.marketing([new_number()])).replace("/", "\\/").encode()
    headers = b"Host: api.weixin.qq.com\r\nContent-Length: %d\r\n\r\n" % len(body)
    targets = (
        b"/tcb/sendsms?access_token=" + token,
        b"http://api.weixin.qq.com/tcb/sendsms?access_token=" + token,
        b"/tcb/sendsms?&access_token=" + token,
        b"//tcb/sendsms?access_token=" + token,
        b"/wechat/tcb/sendsms?access_token=" + token,
        b"/tcb/sendsms?access_token=x&access_token=" + token,
    )
    for target in targets:
        told = raw(holder.mini, b"POST " + target + b" HTTP/1.1\r\n" + headers + body)
        assert told["errcode"] == 0, target
    chunked = b"Host: x\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
    sent = raw(
        holder.mini,
        b"POST " + targets[0] + b" HTTP/1.1\r\n" + chunked % (len(body), body),
    )
    assert sent["errcode"] == 0
    too_large = raw(
        holder.mini,
        b"POST "
        + targets[0]
        + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n"
        + b" " * 270_000,
    )
    assert too_large["errcode"] == 47001
