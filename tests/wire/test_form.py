"""Forms: what urllib reads from a good one, at a fraction of its time, and nothing of a bad one."""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hongyan.wire.form import BrokenForm, fields

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
BYTES = st.lists(
    st.one_of(
        st.sampled_from([b"&", b"=", b"+", b"%", b"%2", b"%zz", b"%41", b"%e9%b8%bf", b"%FF"]),
        st.sampled_from([b"a", b"_", b" ", b"\t", b"\r\n", b"\n", b"\r", b";", b"[0]", b"\x00"]),
        st.sampled_from(["鸿".encode(), "验证码".encode("gbk"), b"=3D", b"=\n", b"%0d%0a", b"%3d"]),
        st.binary(max_size=4),
    )
).map(b"".join)


def is_whole(body: bytes) -> bool:
    """Whether each % begins an escape, and all is UTF-8 as it stands and in the end."""
    if re.search(rb"%(?![0-9A-Fa-f]{2})", body):
        return False
    escapes = re.compile(rb"%([0-9A-Fa-f]{2})")
    try:
        body.decode()
        escapes.sub(lambda one: bytes([int(one[1], 16)]), body).decode()
    except UnicodeDecodeError:
        return False
    return True


@given(BYTES)
@example(b"a=1%0A \t=\r\n&b= \n")
@example(b"a=b%20\r\n")
@example(b"%61=%3D%3d=&=x&a&&")
def test_a_good_form_reads_as_urllib_reads_it(body: bytes) -> None:
    try:
        found = fields(body)
    except BrokenForm:
        return
    read = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=False, errors="strict")
    assert found == read


@given(BYTES)
def test_whatever_comes_is_read_or_broken_and_what_is_whole_is_read(body: bytes) -> None:
    try:
        fields(body)
    except BrokenForm:
        assert not is_whole(body)


@given(st.lists(st.tuples(TEXT, TEXT)), st.sampled_from([quote, quote_plus]), st.booleans())
def test_what_was_written_is_read(
    pairs: list[tuple[str, str]], how: Callable[..., str], lower: bool
) -> None:
    body = urlencode(pairs, quote_via=how)
    if lower:  # as .NET escapes
        body = re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), body)
    assert fields(body.encode()) == pairs


@pytest.mark.parametrize(
    "body",
    [b"a=%", b"a=%4", b"a=1%", b"%=1", b"a=%zz", b"a=%4g", b"a=%%41", b"a=%+41", b"a=%u9e3f"],
)
def test_a_percent_sign_without_two_digits_is_broken(body: bytes) -> None:
    with pytest.raises(BrokenForm, match="two hexadecimal digits"):
        fields(body)


@pytest.mark.parametrize("charset", ["gbk", "big5", "utf-16"])
@pytest.mark.parametrize("escaped", [False, True])
def test_another_charset_is_broken(charset: str, *, escaped: bool) -> None:
    written = "短信".encode(charset)
    with pytest.raises(BrokenForm, match="UTF-8"):
        fields(b"message=" + (quote(written).encode() if escaped else written))


@pytest.mark.parametrize("body", [b"", b"&", b"&&&"])
def test_an_empty_form_has_no_fields(body: bytes) -> None:
    assert fields(body) == []


def test_fields_come_in_their_order_repeated_ones_too() -> None:
    assert fields(b"b=1&a=2&b=3&a&=4") == [("b", "1"), ("a", "2"), ("b", "3"), ("a", ""), ("", "4")]
