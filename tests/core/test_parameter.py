"""Parameters: the first flaw is named with its place."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.message import Kind
from hongyan.core.parameter import Flaw, flaw_of, holds_link

OTHERS = [Kind.NOTICE, Kind.MARKETING]


@pytest.mark.parametrize(
    ("values", "flaw"),
    [
        (["1"], (Flaw.COUNT, 0)),
        (["1", "2", "3"], (Flaw.COUNT, 0)),
        (["384592", "5"], None),
        (["", ""], None),
        (["384592", "5分"], (Flaw.NOT_CODE_LIKE, 2)),
        (["3845921", "5"], (Flaw.NOT_CODE_LIKE, 1)),
        (["384592", "😀"], (Flaw.NOT_CODE_LIKE, 2)),
        (["384592", "5\r\n"], (Flaw.NOT_CODE_LIKE, 2)),
    ],
)
def test_a_verification_takes_digits(values: list[str], flaw: tuple[Flaw, int] | None) -> None:
    assert flaw_of(Kind.VERIFICATION, values, 2) == flaw


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize(
    ("value", "flaw"),
    [
        ("中" * 30, None),
        ("中" * 31, Flaw.TOO_LONG),
        ("👨\u200d👩", None),
        ("a\nb", Flaw.UNSEEN),
        ("a\u202eb", Flaw.UNSEEN),
        ("a.cn", Flaw.LINK),
    ],
)
def test_others_take_plain_text(kind: Kind, value: str, flaw: Flaw | None) -> None:
    assert flaw_of(kind, ["好", value], 2) == ((flaw, 2) if flaw else None)


def test_how_long_a_value_may_be_is_an_argument() -> None:
    assert flaw_of(Kind.VERIFICATION, ["12345678"], 1, longest_code=8) is None
    assert flaw_of(Kind.NOTICE, ["中" * 7], 1, longest_value=6) == (Flaw.TOO_LONG, 1)
    assert flaw_of(Kind.NOTICE, ["中" * 6], 1, longest_value=6) is None


def test_a_link_is_one_whatever_it_wears() -> None:
    assert holds_link("点ｅｖｉｌ。ｃｏｍ")
    assert not holds_link("3.5元")


@given(st.text("。．｡，：！？；（）./:?#awcn中１…︒\u0338", max_size=12))
def test_a_link_is_looked_for_in_what_nfkc_makes_of_a_text(text: str) -> None:
    stops = text.replace("。", ".").replace("．", ".").replace("｡", ".")
    assert holds_link(text) is holds_link(unicodedata.normalize("NFKC", stops))


@pytest.mark.parametrize(
    "text", ["见https：//a", "见（evil．com）", "a.example？b", "a.example：80"]
)
def test_a_link_with_chinese_marks_is_one(text: str) -> None:
    assert holds_link(text)
