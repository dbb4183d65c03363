"""The envelope: what the platform's own examples answer is written and read; odd ones are let pass."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.wire.tencent import envelope
from hongyan.wire.tencent.actions import ACTIONS, NEW, action_of
from hongyan.wire.tencent.answers import Answer, SendSmsResponse, SendStatus
from hongyan.wire.tencent.codes import CHINESE, ENGLISH
from hongyan.wire.tencent.envelope import Refusal, Unreadable
from hongyan.wire.tencent.fault import AuthFailure
from support.tencent import load

ANSWERS = [(name, one["response"]) for name, ones in load("examples.json").items() for one in ones]


def holds(written: Any, example: Any) -> bool:
    """Whether all of an example is there; some are older than fields that came to be."""
    if isinstance(example, dict):
        return all(holds(written[name], value) for name, value in example.items())
    if isinstance(example, list):
        return all(map(holds, written, example)) and len(written) == len(example)
    return bool(written == example)


@pytest.mark.parametrize("number", range(len(ANSWERS)))
def test_the_platform_s_own_answers_are_read_and_written(number: int) -> None:
    name, example = ANSWERS[number]
    found = envelope.read(json.dumps(example).encode(), action_of(NEW, name).answer)
    assert isinstance(found, Answer)
    written = envelope.answered(found, example["Response"]["RequestId"])
    assert holds(json.loads(written), example)


@pytest.mark.parametrize("name", list(ACTIONS[NEW]))
def test_an_answer_with_nothing_in_it_has_lists_and_a_request_id(name: str) -> None:
    answer = action_of(NEW, name).answer()
    response = json.loads(envelope.answered(answer, "r"))["Response"]
    assert response.pop("RequestId") == "r"
    assert response
    assert None not in response.values()


def test_an_answer_without_fields_has_a_request_id() -> None:
    assert envelope.answered(Answer(), "r") == b'{"Response":{"RequestId":"r"}}'


@pytest.mark.parametrize(
    ("language", "message"),
    [
        (ENGLISH, "The SecretId is not found, please ensure that your SecretId is correct."),
        (CHINESE, "密钥不存在，请检查 SecretId 是否正确。"),
    ],
)
def test_a_refusal_is_written_in_the_caller_s_language(language: str, message: str) -> None:
    written = envelope.refused(AuthFailure("SecretIdNotFound"), "r", language)  # type: ignore[arg-type]
    code = "AuthFailure.SecretIdNotFound"
    error = {"Code": code, "Message": message}
    assert json.loads(written) == {"Response": {"Error": error, "RequestId": "r"}}
    assert envelope.read(written, SendSmsResponse) == Refusal(code, message, "r")


@pytest.mark.parametrize(
    ("response", "read"),
    [
        ({}, SendSmsResponse()),
        ({"SendStatusSet": None, "Extra": 1}, SendSmsResponse()),
        ({"SendStatusSet": [{"Code": "Ok", "Fee": None, "New": []}]}, None),
        ({"Error": None, "SendStatusSet": []}, SendSmsResponse()),
    ],
    ids=range(4),
)
def test_what_is_missing_null_or_new_is_let_pass(
    response: dict[str, object], read: SendSmsResponse | None
) -> None:
    wanted = read or SendSmsResponse(send_status_set=(SendStatus(code="Ok"),))
    assert envelope.read(json.dumps({"Response": response}).encode(), SendSmsResponse) == wanted


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b"\xff",
        b'{"Response":null}',
        b'{"Response":[]}',
        b'{"Response":{"Error":{}}}',
        b'{"Response":{"Error":"x"}}',
        b'{"Response":{"Error":{"Code":1,"Message":"x"}}}',
        b'{"Response":{"SendStatusSet":{}}}',
        b'{"Response":{"SendStatusSet":[null]}}',
        b'{"Response":{"SendStatusSet":[{"Fee":"1"}]}}',
        b'{"Response":' + b"[" * 100_000,
    ],
    ids=range(14),
)
def test_anything_else_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        envelope.read(body, SendSmsResponse)


@given(st.binary())
def test_whatever_comes_back_is_read_or_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        envelope.read(body, SendSmsResponse)
