"""Marketing texts: the document's own example, and every edge of its lengths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core import text
from hongyan.core.errors import InvalidText, TextTooLong, UnknownSignature
from hongyan.core.marketing import (
    LINK_LENGTH,
    Ending,
    counted_length,
    length,
    require_content,
    require_fits,
    signature,
    words,
)
from hongyan.core.opt_out import is_opt_out

LINK = "https://tcbe.cn/VcdrUJK0"
LONG_LINK = "https://links.some-long-name.example.cn/s/0123456789a"


def assembled(name: str, content: str, link: str, ending: Ending) -> str:
    return text.signed(name, words(content, ending).fill([link]))


def test_the_text_of_the_document() -> None:
    assert (
        assembled("云开发", "能力上新", LINK, Ending.REPLY_T)
        == "【云开发】能力上新,跳转小程序 https://tcbe.cn/VcdrUJK0 回T退订"
    )
    assert len(LINK) == LINK_LENGTH


@pytest.mark.parametrize("link", [LINK, LONG_LINK, "https://a.cn/s/0"])
@pytest.mark.parametrize(("name", "most"), [("云" * 12, 20), ("云" * 4, 28)])
def test_a_link_counts_as_24_wherever_it_is(link: str, name: str, most: int) -> None:
    fits = assembled(name, "上" * most, link, Ending.REPLY_T)
    assert counted_length(fits, [link]) == 70
    require_fits(fits, [link])
    with pytest.raises(TextTooLong, match="71"):
        require_fits(assembled(name, "上" * (most + 1), link, Ending.REPLY_T), [link])


def test_what_it_costs_goes_by_its_real_length() -> None:
    whole = assembled("云" * 12, "上" * 20, LONG_LINK, Ending.REPLY_T)
    require_fits(whole, [LONG_LINK])
    assert text.segments(whole, domestic=True) == 2


@pytest.mark.parametrize("ending", Ending)
def test_the_reply_that_an_ending_asks_for_is_an_opt_out(ending: Ending) -> None:
    [letter] = [one for one in ending if one.isascii()]
    assert is_opt_out(letter)


def test_content_has_30_characters_at_most() -> None:
    require_content("上" * 30)
    require_content("😀" * 15)
    for content in ("上" * 31, "😀" * 15 + "a", "a" * 501):
        with pytest.raises(TextTooLong):
            require_content(content)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "  ",
        "【云】",
        "只要¥9",
        "只要￥9",
        "★★★",
        "^_^",
        "☞看",
        "✓",
        "※",
        "a\nb",
        "a\rb",
        "a\x00b",
        "\ud800",
    ],
)
def test_content_that_carriers_block_is_refused(content: str) -> None:
    with pytest.raises(InvalidText):
        require_content(content)


@given(st.text(max_size=40))
def test_content_is_taken_or_refused(content: str) -> None:
    try:
        require_content(content)
    except (InvalidText, TextTooLong):
        return
    for ending in Ending:
        assert assembled("云", content, LINK, ending).endswith(ending.value)


def test_a_name_of_over_12_characters_needs_the_short_name() -> None:
    assert signature("云" * 12, "", use_short_name=False) == "云" * 12
    assert signature("云" * 13, "短名", use_short_name=True) == "短名"
    with pytest.raises(TextTooLong):
        signature("云" * 13, "短名", use_short_name=False)
    with pytest.raises(UnknownSignature, match="nickname"):
        signature("", "短名", use_short_name=True)
    with pytest.raises(UnknownSignature, match="short name"):
        signature("云", "", use_short_name=True)


@given(st.text())
def test_lengths_are_those_of_javascript(written: str) -> None:
    assert length(written) == sum(2 if ord(one) > 0xFFFF else 1 for one in written)
