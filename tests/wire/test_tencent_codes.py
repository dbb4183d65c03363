"""The catalogue: every code is there, with cause and cure in both languages."""

import re

import pytest

from hongyan.wire.tencent.codes import CHINESE, CODES, ENGLISH, told_of
from hongyan.wire.tencent.fault import Fault
from support.tencent import load

HAN = re.compile(r"[一-鿿]")
GATEWAY = 41


def test_every_service_code_is_there_and_the_gateway_s_too() -> None:
    service = set(load("codes.json"))
    assert len(service) == 95
    assert service <= set(CODES)
    assert {f"AuthFailure.{kind}" for kind in (
        "InvalidAuthorization", "InvalidSecretId", "MFAFailure", "SecretIdNotFound",
        "SignatureExpire", "SignatureFailure", "TokenFailure", "UnauthorizedOperation",
    )} <= set(CODES)  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_told_in_both_languages(code: str) -> None:
    told = CODES[code]
    for sentence in (told.cause(ENGLISH), told.cure(ENGLISH)):
        assert sentence.endswith(".")
    for sentence in (told.cause(CHINESE), told.cure(CHINESE)):
        assert HAN.search(sentence)
        assert sentence.endswith("。")
    assert HAN.search(told.says(CHINESE))
    assert not HAN.search(told.says(ENGLISH).replace("拒收请回复R", ""))
    assert told.cause(ENGLISH) != told.cure(ENGLISH)


def test_a_code_that_nobody_has_seen_is_told_by_its_family() -> None:
    assert told_of("LimitExceeded.SomethingNew") is CODES["LimitExceeded"]
    assert told_of("SomethingNew") is None
    assert told_of("Ok") is None


def test_what_a_caller_named_goes_back_in_part_and_is_not_looked_into() -> None:
    fault = Fault("UnknownParameter", "{parameter}" + "x" * 500)
    assert fault.says(ENGLISH).count("x" * 100) == 1
    assert len(fault.says(ENGLISH)) < 200
    assert "{parameter}" in fault.says(ENGLISH)


def test_a_code_of_our_own_making_is_a_bug() -> None:
    with pytest.raises(KeyError):
        Fault("Made.Up")
