"""Values of notices: pages become links, all others are values as any."""

import pytest

from hongyan.core import template
from hongyan.core.errors import InvalidParameters
from hongyan.core.notice import filled, pages, read
from hongyan.core.website import Page, page

SITE = {"index.html", "action/index.html"}


def find(path: str) -> Page | None:
    found = page(path)
    return found if found.file in SITE else None


def test_the_values_of_the_document() -> None:
    values = read(["商品", "/index.html"], 2, find)
    assert values == ("商品", Page("/index.html", "index.html"))
    assert filled(values, ["https://tcbe.cn/VcdrUJK0"]) == ("商品", "https://tcbe.cn/VcdrUJK0")
    body = template.parse("您的{1}已发货，详情 {2} 。")
    text = body.fill(filled(values, ["https://tcbe.cn/VcdrUJK0"]))
    assert text == "您的商品已发货，详情 https://tcbe.cn/VcdrUJK0 。"


def test_a_page_may_be_long_and_have_a_query() -> None:
    path = "/action/index.html?action=double12&from=" + "x" * 60
    assert pages(read([path], 1, find)) == [Page(path, "action/index.html")]


def test_each_page_has_a_place_of_its_own() -> None:
    values = read(["/", "中", "/index.html?2"], 3, find)
    assert filled(values, ["a", "b"]) == ("a", "中", "b")


@pytest.mark.parametrize("plain", ["/月", "/missing.html", "/..", "//evil", "a/index.html", ""])
def test_what_names_no_page_is_a_value_as_any(plain: str) -> None:
    assert read([plain], 1, find) == (plain,)


@pytest.mark.parametrize(
    "values",
    [
        [],
        ["a", "b"],
        ["x" * 31],
        ["https://evil.example"],
        ["/missing.html?" + "x" * 30],
        ["a\nb"],
    ],
)
def test_values_that_do_not_fit_are_refused(values: list[str]) -> None:
    with pytest.raises(InvalidParameters):
        read(values, 1, find)


def test_there_is_no_rule_of_six_digits() -> None:
    assert read(["很长的商品名称也可以"], 1, find) == ("很长的商品名称也可以",)


def test_a_text_takes_four_links() -> None:
    assert len(pages(read(["/"] * 4, 4, find))) == 4
    with pytest.raises(InvalidParameters, match="4 links"):
        read(["/"] * 5, 5, find)
