"""WeChat's answers and faults: the document's samples, the words that were seen."""

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.errors import NotFound
from hongyan.core.identifier import MessageId, first_id
from hongyan.wire.wechat import answers
from hongyan.wire.wechat.answers import Refused, SendStatus, Sent, Unreadable, message_of, read
from hongyan.wire.wechat.codes import CODES, LATER, RENEWABLE, STOPPING
from hongyan.wire.wechat.fault import RID_BYTES, Fault, rid

SAMPLE = (
    '{"errcode":0,"send_status_list":[{"serial_no":"8:gFIqWUHzllUyOFRHgeu20201231",'
    '"phone_number":"+8612345678910","code":"Ok","message":"send success","iso_code":""}]}'
)
DOCUMENTED = {
    *(-1, 40001, 40002, 40013, 40014, 40125, 40164, 40243, 41001, 41002, 41004, 42001, 43002),
    *(44002, 45009, 45011, 47001, 48001, 61007, 61023, 85088, 85105, 85107, 85112, 85113),
    *(-501007, -601027, -601028, -601029, -601030, -601031, -601032, -601033, -607001, -607004),
    *(-604100, -604101, -604102, -604103, -604104, 10011, 40029, 40226, 40165, 40212, 85079),
    *(85401, -501001, -501002, -501003, -501004, -501005, -501006, -501008, -501009),
}
RID = "608d5803-66b84dfc-005383b1"


def test_the_documents_sample_is_written_letter_by_letter() -> None:
    status = SendStatus(
        "8:gFIqWUHzllUyOFRHgeu20201231", "+8612345678910", answers.SENT, answers.SENT_MESSAGE
    )
    sent = Sent(send_status_list=(status,))
    assert msgspec.json.encode(sent).decode() == SAMPLE
    assert read(SAMPLE.encode(), Sent) == sent


@pytest.mark.parametrize(
    ("kind", "sample"),
    [
        (answers.TaskCreated, {"errcode": 0, "query_id": "xxx"}),
        (
            answers.SmsRecords,
            {
                "SmsRecords": [
                    {
                        "Content": "【云开发】能力上新",
                        "ContentSize": 51,
                        "CreateTime": "2021-03-22 17:18:37",
                        "Fee": 1,
                        "Mobile": "+8613800138000",
                        "ReceivedTime": "2021-03-22 17:18:40",
                        "Remarks": "用户短信接收成功",
                        "Status": "sent",
                    }
                ],
                "TotalCount": 1,
                "RequestId": "uuid",
            },
        ),
        (
            answers.Wrapped,
            {
                "Response": {
                    "FilesData": [
                        {
                            "CodeUri": "extension://xxx.zip",
                            "UploadUrl": "https://a.example",
                            "CustomKey": "",
                            "MaxSize": 30,
                        }
                    ],
                    "RequestId": "uuid",
                }
            },
        ),
        (answers.UrlLink, {"errcode": 0, "errmsg": "ok", "url_link": "https://wxaurl.cn/a"}),
        (answers.Scheme, {"errcode": 0, "errmsg": "ok", "openlink": "weixin://dl/business/?t=a"}),
        (answers.AccessToken, {"access_token": "a", "expires_in": 7200}),
        (answers.ComponentToken, {"component_access_token": "a", "expires_in": 7200}),
        (
            answers.AuthorizerToken,
            {"authorizer_access_token": "a", "expires_in": 7200, "authorizer_refresh_token": "b"},
        ),
        (
            answers.Authorization,
            {
                "authorization_info": {
                    "authorizer_appid": "wx1",
                    "authorizer_access_token": "a",
                    "expires_in": 7200,
                    "authorizer_refresh_token": "b",
                    "func_info": [{"funcscope_category": {"id": 49}}],
                }
            },
        ),
        (answers.Session, {"openid": "o", "session_key": "k"}),
        (answers.Session, {"openid": "o", "session_key": "k", "unionid": "u"}),
        (
            answers.UserPhoneNumber,
            {
                "errcode": 0,
                "errmsg": "ok",
                "phone_info": {
                    "phoneNumber": "13800138000",
                    "purePhoneNumber": "13800138000",
                    "countryCode": "86",
                    "watermark": {"timestamp": 1, "appid": "wx1"},
                },
            },
        ),
    ],
)
def test_every_answer_is_read_and_written_as_documented(kind: Any, sample: Any) -> None:
    found = read(json.dumps(sample).encode(), kind)
    assert json.loads(msgspec.json.encode(found)) == sample


def test_no_token_is_told_by_a_repr() -> None:
    assert repr(answers.AccessToken("abc", 7_200)) == "AccessToken(…)"
    assert repr(answers.Session("o", "abc")) == "Session(…)"


def test_records_may_come_wrapped() -> None:
    found = read(b'{"Response":{"TotalCount":3}}', answers.SmsRecords)
    assert found.total_count == 3


def test_a_refusal_is_told_from_an_answer_that_cannot_be_read() -> None:
    with pytest.raises(Refused) as refused:
        read(b'{"errcode":40001,"errmsg":"invalid credential"}', Sent)
    assert (refused.value.errcode, refused.value.errmsg) == (40001, "invalid credential")
    for body in (b"", b"<html>", b"[]", b'{"errcode":"0"}', b'{"errcode":0', b"\xff", b"[" * 9_000):
        with pytest.raises(Unreadable):
            read(body, Sent)


@given(st.binary(max_size=60))
def test_any_answer_is_read_or_not(body: bytes) -> None:
    try:
        read(body, Sent)
    except (Refused, Unreadable):
        return


# Faults.


def test_every_code_has_its_words_its_cause_and_its_cure() -> None:
    assert CODES.keys() >= DOCUMENTED
    for code, told in CODES.items():
        assert told.says_en, code
        for sentence in (told.cause_en, told.cure_en):
            assert sentence.endswith("."), code
            assert sentence.isascii() or "云" in sentence or "¥" in sentence, code
        for sentence in (told.cause_zh, told.cure_zh):
            assert sentence.endswith("。"), code
    assert CODES.keys() >= RENEWABLE | LATER | STOPPING
    assert not RENEWABLE & LATER | RENEWABLE & STOPPING | LATER & STOPPING


@pytest.mark.parametrize(
    ("fault", "errmsg"),
    [
        (Fault(40013), f"invalid appid rid: {RID}"),
        (Fault(40001), f"invalid credential, access_token is invalid or not latest rid: {RID}"),
        (
            Fault(40164, "47.98.45.15"),
            f"invalid ip 47.98.45.15 ipv6 ::ffff:47.98.45.15, not in whitelist rid: {RID}",
        ),
        (Fault(48001), f"api unauthorized, rid: {RID}"),
        (
            Fault(-501007, "TemplateId not exist"),
            f"TemplateId not exist TcbCode: [InvalidParameter] rid: {RID}",
        ),
        (Fault(47001), f"data format error rid: {RID}"),
        (Fault(41001), f"access_token missing rid: {RID}"),
    ],
)
def test_the_words_that_were_seen(fault: Fault, errmsg: str) -> None:
    assert json.loads(fault.body(RID)) == {"errcode": fault.errcode, "errmsg": errmsg}


def test_clients_that_look_for_words_find_them() -> None:
    body = Fault(42001).body(RID).decode()
    assert "42001" in body
    assert "access_token expired" in body


def test_what_a_caller_chose_goes_back_cut() -> None:
    assert len(Fault(-501007, "x" * 9_999).errmsg(RID)) < 350
    assert "{detail}" in Fault(-501007, "{detail}").errmsg(RID)


def test_a_rid_begins_with_its_second() -> None:
    assert RID_BYTES == 8
    chance = bytes.fromhex("66b84dfc005383b1")
    assert rid(0x608D5803 * 1_000 + 999, chance) == RID


# Serial numbers.


@given(st.integers(0, (1 << 63) - 1).map(MessageId))
def test_a_serial_number_names_its_message(message: MessageId) -> None:
    serial = answers.serial_no(message)
    assert re.fullmatch(r"8:[0-9A-Z]{19}20\d{6}", serial)
    assert len(serial) == len("8:gFIqWUHzllUyOFRHgeu20201231")
    assert message_of(serial) == message


def test_its_day_is_beijings() -> None:
    assert answers.serial_no(first_id(1_795_198_134_000)).endswith("20261121")
    assert answers.written_time(1_795_198_134_000) == "2026-11-21 02:08:54"


@pytest.mark.parametrize(
    "serial",
    [
        "",
        "8:",
        "8:gFIqWUHzllUyOFRHgeu20201231",
        "9" * 29,
        "8:" + "0" * 27,
        "8:" + "0" * 19 + "20250102",
    ],
)
def test_another_serial_number_names_none(serial: str) -> None:
    with pytest.raises(NotFound):
        message_of(serial)
