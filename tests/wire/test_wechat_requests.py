"""WeChat's requests: what real clients send is read, anything else refused in its words."""

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.time import DAY, MINUTE, SECOND
from hongyan.wire.wechat import login, requests
from hongyan.wire.wechat.body import convert, read, read_query, written
from hongyan.wire.wechat.case import NameTwice, in_pascal_case, in_snake_case, snake
from hongyan.wire.wechat.fault import Fault
from hongyan.wire.wechat.login import (
    CodeToSession,
    Credential,
    GetToken,
    GetUserPhoneNumber,
    StableToken,
    credential,
)
from hongyan.wire.wechat.requests import (
    CreateSendSmsTask,
    DescribeExtensionUploadInfo,
    DescribeSmsRecords,
    ExtensionFile,
    GenerateScheme,
    GenerateUrlLink,
    SendSms,
    SendSmsV2,
)
from support.wechat import load

NOW = 1_795_198_134_000
MARKETING: dict[str, Any] = {
    "env": "online-12345678910",
    "phone_number_list": ["+8612345678910"],
    "sms_type": "Marketing",
    "content": "发布了新的能力",
    "path": "/index.html",
    "use_short_name": True,
}
NOTIFICATION: dict[str, Any] = {
    "env": "online-12345678910",
    "phone_number_list": ["+8612345678910"],
    "sms_type": "Notification",
    "template_id": "923584",
    "template_param_list": ["商品", "/index.html"],
}
RECORDS = {"EnvId": "e", "StartDate": "2021-03-01", "EndDate": "2021-03-31"}
EVERY: list[type[Any]] = [
    requests.SendSms,
    requests.SendSmsV2,
    requests.CreateSendSmsTask,
    requests.DescribeSmsRecords,
    requests.DescribeExtensionUploadInfo,
    requests.GenerateUrlLink,
    requests.GenerateScheme,
    login.StableToken,
    login.GetUserPhoneNumber,
    login.ApiComponentToken,
    login.ApiQueryAuth,
    login.ApiAuthorizerToken,
]


def fault(request: Any) -> Fault:
    with pytest.raises(Fault) as raised:
        request.require()
    return raised.value


def sms(**differing: Any) -> SendSms:
    return convert(MARKETING | differing, SendSms)


def notice(**differing: Any) -> SendSms:
    return convert(NOTIFICATION | differing, SendSms)


# Texts.


@pytest.mark.parametrize("sample", [MARKETING, NOTIFICATION])
def test_the_documents_samples_are_read(sample: dict[str, Any]) -> None:
    for body in (json.dumps(sample), json.dumps(sample, ensure_ascii=False, indent=2)):
        found = read(body.encode(), SendSms)
        found.require()
        assert found == read(body.replace("/", "\\/").encode(), SendSms)
        assert found.phone_number_list == ("+8612345678910",)
        assert json.loads(written(found)).items() <= sample.items()


def test_recorded_requests_are_read() -> None:
    first, second = (read(one["body"].encode(), SendSms) for one in load("https.json"))
    first.require()
    assert first.template_param_list == ("商品", "/index.html")
    assert fault(second).errmsg("r") == "content is empty TcbCode: [InvalidParameter] rid: r"
    assert credential(b"cloudbase_access_token=tok").cloudbase_access_token == "tok"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"env": ""}, "env is empty"),
        ({"env": None}, "env is empty"),
        ({"phone_number_list": []}, "phone_number_list is empty"),
        ({"phone_number_list": None}, "phone_number_list is empty"),
        ({"phone_number_list": ["+8613800138000"] * 1_001}, "over 1000"),
        ({"phone_number_list": ["+8613800138000", "13800138000"]}, "[1] does not begin"),
        ({"phone_number_list": ["+1 2025550123"]}, "[0] does not begin with +86"),
        ({"phone_number_list": [""]}, "does not begin"),
        ({"sms_type": "marketing"}, "sms_type"),
        ({"sms_type": ""}, "sms_type"),
        ({"content": ""}, "content is empty"),
        ({"path": ""}, "path is empty"),
    ],
)
def test_what_is_wrong_is_minus_501007_and_named(wrong: dict[str, Any], words: str) -> None:
    found = fault(sms(**wrong))
    assert found.errcode == -501007
    assert words in found.errmsg("rid")


def test_a_thousand_numbers_are_taken() -> None:
    sms(phone_number_list=["+8613800138000"] * 1_000).require()


def test_a_notification_needs_its_template() -> None:
    notice().require()
    notice(content="", path="").require()
    assert "template_id" in fault(notice(template_id="")).detail
    assert "template_param_list" in fault(notice(template_param_list=["a"] * 21)).detail


@pytest.mark.parametrize(
    "wrong",
    [
        {"use_short_name": "true"},
        {"use_short_name": 1},
        {"template_id": 923584},
        {"phone_number_list": "+8613800138000"},
        {"phone_number_list": [13800138000]},
        {"phone_number_list": [None]},
        {"content": 1},
        {"sms_type": 0},
    ],
)
def test_a_wrong_type_is_a_data_format_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(Fault) as raised:
        sms(**wrong)
    assert raised.value.errmsg("r") == "data format error rid: r"


def test_a_url_link_is_https() -> None:
    given = {"env": "e", "phone_number_list": ["+8613800138000"], "template_id": "1"}
    convert(given | {"url_link": "https://wxaurl.cn/tN5huKl2Gwg"}, SendSmsV2).require()
    for wrong in ("", "http://wxaurl.cn/a", "javascript:alert(1)", "//evil"):
        assert fault(convert(given | {"url_link": wrong}, SendSmsV2)).errcode == -607004


def test_a_task_names_an_environment_and_a_file() -> None:
    convert({"env": "e", "file_url": "extension://x"}, CreateSendSmsTask).require()
    assert fault(CreateSendSmsTask(env="e")).detail == "file_url is empty"
    assert fault(CreateSendSmsTask(file_url="x")).detail == "env is empty"


# Within PostData or not.


@pytest.mark.parametrize(
    "given",
    [
        {"PostData": RECORDS},
        RECORDS,
        {"post_data": {"env_id": "e", "start_date": "2021-03-01", "end_date": "2021-03-31"}},
        {"env": "e", "start_date": "2021-03-01", "end_date": "2021-03-31"},
        {"postData": {"envId": "e", "startDate": "2021-03-01", "endDate": "2021-03-31"}},
    ],
)
def test_records_are_asked_for_in_any_case(given: dict[str, Any]) -> None:
    found = convert(given, DescribeSmsRecords)
    found.require()
    wanted = DescribeSmsRecords(env_id="e", start_date="2021-03-01", end_date="2021-03-31")
    assert found == wanted
    assert json.loads(written(found)) == {"PostData": RECORDS}
    starts, ends = found.span()
    assert datetime.fromtimestamp(starts / SECOND, UTC).isoformat() == "2021-02-28T16:00:00+00:00"
    assert ends - starts == 31 * DAY


@pytest.mark.parametrize(
    "wrong",
    [
        {"EnvId": ""},
        {"StartDate": "2021-02-30"},
        {"StartDate": "20210301"},
        {"EndDate": ""},
        {"EndDate": "2021-02-28"},
        {"PageNumber": 0},
        {"PageSize": 1_001},
    ],
)
def test_records_of_no_days_are_refused(wrong: dict[str, Any]) -> None:
    assert fault(convert(RECORDS | wrong, DescribeSmsRecords)).errcode == -501007


@pytest.mark.parametrize(
    "given", [{"PostData": []}, {"PostData": "x"}, {"EnvId": "e", "envId": "f"}, {"PageSize": "1"}]
)
def test_another_form_of_it_is_a_data_format_error(given: dict[str, Any]) -> None:
    with pytest.raises(Fault) as raised:
        convert(given, DescribeSmsRecords)
    assert raised.value.errcode == 47001


def test_one_csv_is_uploaded() -> None:
    sample = {"PostData": {"ExtensionFiles": [{"FileType": "SMS", "FileName": "gongzi.csv"}]}}
    found = convert(sample, DescribeExtensionUploadInfo)
    found.require()
    assert found.extension_files == (ExtensionFile("SMS", "gongzi.csv"),)
    assert json.loads(written(found)) == sample
    for files in ((), (ExtensionFile("SMS", "a"),) * 2, (ExtensionFile("ZIP", "a"),)):
        assert fault(DescribeExtensionUploadInfo(extension_files=files)).errcode == -501007
    for name in ("", "a" * 25):
        files = (ExtensionFile("SMS", name),)
        assert "FileName" in fault(DescribeExtensionUploadInfo(extension_files=files)).detail


# Links.


def test_a_url_link_lives_30_days_at_most() -> None:
    assert GenerateUrlLink().expires_at(NOW) == NOW + 30 * DAY
    at = NOW // SECOND + 60
    assert GenerateUrlLink(expire_time=at).expires_at(NOW) == NOW + MINUTE
    assert GenerateUrlLink(expire_type=1, expire_interval=3).expires_at(NOW) == NOW + 3 * DAY
    wrong = [
        GenerateUrlLink(expire_time=at - 1),
        GenerateUrlLink(expire_time=NOW // SECOND + 30 * 86_400 + 1),
        GenerateUrlLink(expire_type=1, expire_interval=31),
        GenerateUrlLink(expire_type=1, expire_interval=-1),
    ]
    for one in wrong:
        with pytest.raises(Fault) as raised:
            one.expires_at(NOW)
        assert raised.value.errcode == 85401
    with pytest.raises(Fault) as raised:
        GenerateUrlLink(expire_type=2, expire_interval=1).expires_at(NOW)
    assert raised.value.errcode == 40097


def test_a_scheme_lives_a_year_at_most() -> None:
    assert GenerateScheme().expires_at(NOW) == NOW + 365 * DAY
    soon = GenerateScheme(is_expire=True, expire_time=NOW // SECOND + 60)
    assert soon.expires_at(NOW) == NOW + MINUTE
    with pytest.raises(Fault):
        GenerateScheme(is_expire=True).expires_at(NOW)


@pytest.mark.parametrize(
    ("jump", "errcode"),
    [
        ({"path": "pages/index/index", "query": "a=b&c=d", "env_version": "trial"}, 0),
        ({"path": "/pages/index/index"}, 0),
        ({}, 0),
        ({"path": "https://evil.example"}, 40165),
        ({"path": "pages/a?b=c"}, 40165),
        ({"query": "a" * 1_025}, 40212),
        ({"query": "a\nb"}, 40212),
        ({"env_version": "beta"}, 40097),
    ],
)
def test_links_open_a_page_of_the_mini_program(jump: dict[str, Any], errcode: int) -> None:
    for request in (
        convert(jump, GenerateUrlLink),
        convert({"jump_wxa": jump}, GenerateScheme),
    ):
        if errcode:
            assert fault(request).errcode == errcode
        else:
            request.require()


def test_a_link_may_open_a_page_of_a_website() -> None:
    found = read(b'{"cloud_base":{"env":"e","path":"/a.html"}}', GenerateUrlLink)
    assert found.cloud_base == requests.CloudBase(env="e", path="/a.html")


# Tokens and users.


def test_tokens_are_asked_for_by_query_and_by_body() -> None:
    query = b"grant_type=client_credential&appid=wx1&secret=s%2B1"
    assert read_query(query, GetToken) == GetToken(
        grant_type="client_credential", appid="wx1", secret="s+1"
    )
    stable = read(b'{"grant_type":"client_credential","appid":"a","secret":"b"}', StableToken)
    stable.require()
    assert not stable.force_refresh


@pytest.mark.parametrize(
    ("request_", "errcode"),
    [
        (GetToken(), 41002),
        (GetToken(appid="a"), 41004),
        (GetToken(appid="a", secret="b"), 40002),
        (StableToken(appid="a", secret="b", grant_type="x"), 40002),
        (CodeToSession(), 41002),
        (CodeToSession(appid="a"), 41004),
        (CodeToSession(appid="a", secret="b"), 41008),
        (CodeToSession(appid="a", secret="b", js_code="c"), 40002),
        (GetUserPhoneNumber(), 41008),
        (login.ApiComponentToken(component_appid="a"), 41004),
    ],
)
def test_what_is_missing_has_a_code_of_its_own(request_: Any, errcode: int) -> None:
    assert fault(request_).errcode == errcode


def test_what_is_whole_is_taken() -> None:
    CodeToSession(appid="a", secret="b", js_code="c", grant_type="authorization_code").require()
    GetUserPhoneNumber(code="c").require()
    login.ApiComponentToken(component_appid="a", component_appsecret="b").require()


def test_no_secret_is_told_by_a_repr() -> None:
    assert repr(GetToken(appid="a", secret="b")) == "GetToken(…)"
    assert repr(login.ApiQueryAuth(authorization_code="b")) == "ApiQueryAuth(…)"


def test_who_calls_stands_in_the_query() -> None:
    assert credential(b"") == Credential()
    assert credential(b"access_token=a_b-c&x=y") == Credential(access_token="a_b-c")
    assert "a_b" not in repr(credential(b"access_token=a_b"))
    with pytest.raises(Fault):
        credential(b"access_token=%zz")


# Any body.


@pytest.mark.parametrize("body", [b"", b" ", b"\r\n"])
def test_an_empty_body_has_a_code_of_its_own(body: bytes) -> None:
    with pytest.raises(Fault) as raised:
        read(body, SendSms)
    assert raised.value.errmsg("r") == "empty post data rid: r"


@pytest.mark.parametrize(
    "body",
    [b"[]", b"null", b'"a"', b"{", b"a=b", b'{"env":"\xff"}', b"[" * 9_000, b"\xef\xbb\xbf{}"],
)
def test_what_is_no_object_is_a_data_format_error(body: bytes) -> None:
    for request in EVERY:
        with pytest.raises(Fault) as raised:
            read(body, request)
        assert raised.value.errcode == 47001


PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
JSON = PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(st.text(max_size=5), PLAIN, max_size=2)
NAMES = sorted(
    {name for one in EVERY for name in one.__struct_fields__} | {"PostData", "post_data"}
)


OBJECTS = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), JSON, max_size=4)


@given(OBJECTS, st.sampled_from(EVERY))
def test_any_object_is_read_or_refused(given_: dict[str, Any], request_: type[Any]) -> None:
    try:
        found: Any = read(msgspec.json.encode(given_), request_)
    except Fault:
        return
    assert read(written(found), request_) == found


@given(st.binary(max_size=30))
def test_any_query_is_read_or_refused(query: bytes) -> None:
    try:
        credential(query)
        read_query(query, GetToken)
    except Fault:
        return


# Names.


def test_names_in_either_case() -> None:
    assert [snake(name) for name in ("useShortName", "use_short_name", "PostData", "EnvId")] == [
        "use_short_name",
        "use_short_name",
        "post_data",
        "env_id",
    ]
    assert in_pascal_case({"env_id": [{"file_name": 1}]}) == {"EnvId": [{"FileName": 1}]}
    assert in_snake_case({"PostData": [{"fileName": "aB"}]}) == {"post_data": [{"file_name": "aB"}]}


def test_a_name_that_comes_twice_is_refused() -> None:
    deep: Any = 1
    for _ in range(20):
        deep = [deep]
    for given_ in ({"aB": 1, "a_b": 2}, deep):
        with pytest.raises(NameTwice):
            in_snake_case(given_)
