"""Zhenzi's codes, as they are explained."""

import pytest

from hongyan.wire.zhenzi import REASONS, SENT, Code
from hongyan.wire.zhenzi_codes import CODES


@pytest.mark.parametrize("code", Code)
def test_every_code_has_cause_and_cure_in_both_languages(code: Code) -> None:
    told = CODES[code]
    assert told.cause_en.endswith(".")
    assert told.cure_en.endswith(".")
    assert told.cause_zh.endswith("。")
    assert told.cure_zh.endswith("。")
    assert told.says_zh == REASONS.get(code, SENT)
