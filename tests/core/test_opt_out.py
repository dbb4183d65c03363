"""Opt-outs: what people write who want no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.opt_out import is_opt_out


@pytest.mark.parametrize(
    "reply",
    [
        *(
            "R",
            "T",
            "TD",
            "N",
            "r",
            "td",
            " T D ",
            "Ｒ",
            "ｔｄ",
            "R。",
            "【R】",
            "\nTD\r\n",
            "T.D.",
        ),
        *("回复R", "回TD", "发送N", "回复 r 。", "STOP", "unsubscribe", "tuiding"),
        *(
            "退订",
            "退訂",
            "退定",
            "退订！！",
            " 退 订 ",
            "退订吧，别发了",
            "我要退订",
            "申请退订",
            "请退订",
        ),
        *("拒收", "拒收请回复R", "取消订阅", "停止发送", "取消短信"),
    ],
)
def test_who_wants_no_more_is_understood(reply: str) -> None:
    assert is_opt_out(reply)


@pytest.mark.parametrize(
    "reply",
    ["", " ", "。", "Y", "TT", "RT", "T恤多少钱", "No", "N个", "Room 3", "不退订", "如何退订", "1", "谢谢", "😀", "stop it"],
)  # fmt: skip
def test_others_are_not_taken_for_it(reply: str) -> None:
    assert not is_opt_out(reply)


@given(st.text())
def test_whatever_is_replied_is_understood_or_not(reply: str) -> None:
    assert is_opt_out("退订" + reply)
    assert is_opt_out(reply) in (True, False)
