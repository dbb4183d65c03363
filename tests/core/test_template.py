"""Templates: filled once, in order, by rules of their kind."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.errors import InvalidParameters, InvalidTemplate
from hongyan.core.message import Kind
from hongyan.core.template import Body, parse, require_no_link, require_values

OTHERS = [Kind.NOTICE, Kind.MARKETING]


@pytest.mark.parametrize(
    ("body", "values", "text"),
    [
        ("您好", [], "您好"),
        ("验证码{1}，{2}分钟内有效", ["384592", "5"], "验证码384592，5分钟内有效"),
        ("{2}在前，{1}在后", ["a", "b"], "b在前，a在后"),
        ("{1}又{1}", ["a"], "a又a"),
        ("x" + "".join(f"{{{n}}}" for n in range(1, 12)), list("abcdefghijk"), "xabcdefghijk"),
        ("{a} {} {123} { 1 } {1}", ["v"], "{a} {} {123} { 1 } v"),
    ],
)
def test_each_value_stands_where_its_number_is(body: str, values: list[str], text: str) -> None:
    parsed = parse(body)
    assert parsed.count == len(values)
    assert parsed.fill(values) == text


@pytest.mark.parametrize("value", ["{1}", "{2}", "{", "\\1", "%s", ""])
def test_values_are_not_looked_into(value: str) -> None:
    assert parse("甲{1}乙{2}").fill([value, "x"]) == f"甲{value}乙x"


@pytest.mark.parametrize(
    ("body", "values", "made"),
    [
        ("亲爱的{1}{2}，您好", ["evil", ".com/x"], True),
        ("亲爱的{1}{2}，您好", ["https:", "//evil"], True),
        ("见{1}.{2}", ["evil", "com/x"], True),
        ("见{1}。{2}", ["evil", "com/x"], True),
        ("亲爱的{1}，{2}", ["evil", ".com/x"], False),
        ("{1}.{2}元", ["12", "50"], False),
        ("{1}，见 https://a.cn/b", ["evil"], False),
        ("您好", [], False),
    ],
)
def test_values_make_no_link_together(body: str, values: list[str], *, made: bool) -> None:
    assert parse(body).makes_link(values) is made
    require_no_link(Kind.VERIFICATION, parse(body), values)
    if made:
        with pytest.raises(InvalidParameters, match="link"):
            require_no_link(Kind.NOTICE, parse(body), values)


@given(st.lists(st.sampled_from(["中", "{", "}", "{1}", "{2}", "{3}"])).map("".join))
def test_filling_puts_a_value_for_every_placeholder_and_leaves_the_rest(body: str) -> None:
    parsed = _parsed(body)
    if parsed is not None:
        values = ["一", "二", "三"][: parsed.count]
        naive = re.sub(r"\{([123])\}", lambda found: values[int(found[1]) - 1], body)
        assert parsed.fill(values) == naive


@pytest.mark.parametrize("body", ["{2}好", "{0}好", "{1}{3}好", "{0}{1}好", "{10}好"])
def test_placeholders_are_numbered_from_one_without_a_gap(body: str) -> None:
    with pytest.raises(InvalidTemplate, match="Number"):
        parse(body)


@pytest.mark.parametrize("body", ["", "{1}", " {1}\n{2} ", "\u3000"])
def test_a_template_has_a_text_of_its_own(body: str) -> None:
    with pytest.raises(InvalidTemplate, match="text of its own"):
        parse(body)


@given(st.text("{}0123１ a中"))
def test_whatever_is_written_is_a_template_or_is_refused(body: str) -> None:
    parsed = _parsed(body)
    assert parsed is None or len(parsed.literals) == len(parsed.order) + 1


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ("甲{1}乙{2}丙", ["一", "二"]),
        ("甲{1}乙{2}丙", ["一", None]),
        ("甲{1}乙{2}丙", [None, "二"]),
        ("甲{1}乙{2}丙", [None, None]),
        ("{3}{1}甲{2}{3}{1}", [None, "二", None]),
        ("甲{1}{1}", ["{2}"]),
        ("甲", []),
    ],
)
def test_a_body_may_be_given_some_of_its_values_first(body: str, values: list[str | None]) -> None:
    parsed = parse(body)
    others = [f"<{place}>" for place, value in enumerate(values) if value is None]
    awaited = iter(others)
    rest = parsed.given(values)
    assert rest.count == len(others)
    assert rest.fill(others) == parsed.fill([value or next(awaited) for value in values])


def test_the_masked_text_shows_no_value() -> None:
    assert parse("验证码{1}，{2}分钟，{1}").masked() == "验证码*，*分钟，*"


# Values.


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("values", [[], ["1"], ["1", "2", "3"]], ids=len)
def test_a_template_takes_as_many_values_as_it_has_places(kind: Kind, values: list[str]) -> None:
    with pytest.raises(InvalidParameters, match=f"takes 2 parameters, not {len(values)}"):
        require_values(kind, values, 2)


@pytest.mark.parametrize("value", ["", "0", "000123", "384592"])
def test_a_verification_takes_up_to_six_digits(value: str) -> None:
    require_values(Kind.VERIFICATION, [value], 1)


@pytest.mark.parametrize("value", ["1234567", "12 34", "12a", "１２３", "٣", "-1", "1\n"])
def test_a_verification_takes_nothing_but_digits(value: str) -> None:
    with pytest.raises(InvalidParameters, match=r"Parameter 2 .* 0-6 digits"):
        require_values(Kind.VERIFICATION, ["1", value], 2)


def test_a_longer_code_is_taken_where_the_policy_has_one() -> None:
    require_values(Kind.VERIFICATION, ["12345678"], 1, longest_code=8)


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("value", ["", "中" * 30, "张三 12:30", "3.5", "a.b"])
def test_other_kinds_take_thirty_characters_of_anything(kind: Kind, value: str) -> None:
    require_values(kind, [value], 1)


@pytest.mark.parametrize("kind", OTHERS)
def test_thirty_one_characters_are_too_many(kind: Kind) -> None:
    with pytest.raises(InvalidParameters, match="Parameter 1 has over 30"):
        require_values(kind, ["中" * 31], 1)


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize(
    "value", ["http://a", "HTTPS://a", "www.a", "点 a.cn 领", "x-1.COM", "b.top/1", "t.cc"]
)
def test_links_belong_into_the_template(kind: Kind, value: str) -> None:
    with pytest.raises(InvalidParameters, match="Parameter 1 holds a link"):
        require_values(kind, [value], 1)


@pytest.mark.parametrize("value", ["点a.cn领奖", "请访问example.com查看"])
def test_a_link_is_seen_between_chinese_words(value: str) -> None:
    with pytest.raises(InvalidParameters, match="holds a link"):
        require_values(Kind.MARKETING, [value], 1)


def _parsed(body: str) -> Body | None:
    try:
        return parse(body)
    except InvalidTemplate:
        return None


@pytest.mark.parametrize(
    "value",
    [
        "bit.ly/ab",
        "t.me/x",
        "evil.vip/x",
        "evil.co",
        "evil.example/x",
        "1.2.3.4/a",
        "点evil。com",
        "ｅｖｉｌ．ｃｏｍ",
        "ftp://x",
    ],
)
def test_links_in_other_clothes_are_links(value: str) -> None:
    with pytest.raises(InvalidParameters, match="holds a link"):
        require_values(Kind.NOTICE, [value], 1)


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "\u202e1", "\u200b", "\u2066x", "a\x00"])
def test_what_would_make_a_text_read_otherwise_is_no_value(value: str) -> None:
    with pytest.raises(InvalidParameters, match="line break or an unseen character"):
        require_values(Kind.NOTICE, [value], 1)


@pytest.mark.parametrize(
    "value", ["3.5元", "No.12", "10:30", "J.K.罗琳", "2026.11.21", "👨\u200d👩\u200d👧", "A/B"]
)
def test_what_only_looks_a_little_like_a_link_is_a_value(value: str) -> None:
    require_values(Kind.NOTICE, [value], 1)
