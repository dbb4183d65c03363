"""Pushes and SerialNo: what is written is read; what is neither is unreadable."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.identifier import MessageId
from hongyan.core.time import beijing
from hongyan.wire.tencent import push
from hongyan.wire.tencent.push import Receipt, Reply, Unreadable

# https://cloud.tencent.com/document/product/382/59178 and 5809
RECEIPTS = [
    {
        "user_receive_time": "2015-10-17 08:03:04",
        "nationcode": "86",
        "mobile": "13xxxxxxxxx",
        "report_status": "SUCCESS",
        "errmsg": "DELIVRD",
        "description": "用户短信送达成功",
        "sid": "xxxxxxx",
    }
]
REPLY = {
    "extend": "扩展码",
    "mobile": "13xxxxxxxxx",
    "nationcode": "86",
    "sign": "短信签名",
    "text": "用户回复内容",
    "time": 1457336869,
}


def test_the_documents_examples_are_read_and_written() -> None:
    receipts = push.read_push(json.dumps(RECEIPTS).encode())
    assert isinstance(receipts, list)
    assert receipts[0].sid == "xxxxxxx"
    assert json.loads(push.written_receipts(receipts)) == [RECEIPTS[0] | {"ext": ""}]
    reply = push.read_push(b" " + json.dumps(REPLY).encode())
    assert isinstance(reply, Reply)
    assert json.loads(push.written_reply(reply)) == REPLY


def test_what_is_written_is_read() -> None:
    receipts = [Receipt(mobile="1", report_status=push.FAIL, sid=str(n)) for n in range(100)]
    assert push.read_push(push.written_receipts(receipts)) == receipts


@pytest.mark.parametrize(
    "body", [b"", b"[", b"{}", b"[{}]", b"null", b"\xff", b'{"text":1}', b"[" * 100_000]
)
def test_what_is_neither_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        push.read_push(body)


@given(st.binary())
def test_whatever_is_pushed_is_read_or_unreadable(body: bytes) -> None:
    try:
        assert push.read_push(body) == []
    except Unreadable:
        return


@pytest.mark.parametrize(
    ("body", "taken"),
    [
        (push.TAKEN, True),
        (b'{"result": 0}', True),
        (b'{"result":1,"errmsg":"x"}', False),
        (b'{"result":"0"}', False),
        (b"OK", False),
        (b"", False),
        (b"\xff", False),
    ],
)
def test_only_a_zero_says_that_a_push_was_taken(body: bytes, *, taken: bool) -> None:
    assert push.is_taken(body) is taken


@given(st.integers(0, 2**63 - 1))
def test_a_serial_number_is_its_message_s(message: int) -> None:
    serial = push.serial_no(MessageId(message))
    assert len(serial) <= 64
    assert push.message_of(serial) == message


@pytest.mark.parametrize(
    "serial",
    [
        "",
        "5000:1045710669157053657849499619",
        "2019:1",
        "2019:１234567890123456789",
        "2019:9999999999999999999",
        f"2019:{2**63}",
    ],
)
def test_what_is_no_serial_number_of_ours_is_none(serial: str) -> None:
    assert push.message_of(serial) is None


def test_a_moment_is_written_as_in_beijing() -> None:
    assert beijing(1_445_040_184_999) == "2015-10-17 08:03:04"
