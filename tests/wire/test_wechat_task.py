"""A task's CSV: good lines as they are, bad ones by their number, in bounded memory."""

import csv
import io
import tracemalloc
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.website import page
from hongyan.wire.wechat.task import LARGEST, LONGEST_LINE, BadLine, Line, Read, Task, UnusableFile

HEAD = "手机号,短信内容,跳转的静态托管地址\r\n"
GOOD = "13800138000,能力上新,/index.html\r\n"


def lines(octets: bytes, size: int = 1 << 20) -> list[Read]:
    task = Task()
    found: list[Read] = []
    for start in range(0, len(octets), size):
        found += task.feed(octets[start : start + size])
    return found + task.end()


def good(number: int) -> Line:
    return Line(number, "+8613800138000", "能力上新", page("/index.html"))


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (HEAD + GOOD, 2),
        (GOOD, 1),
        (GOOD.rstrip(), 1),
        (GOOD.replace("\r", ""), 1),
        (GOOD.replace("13800138000", "+8613800138000"), 1),
        (GOOD.replace("13800138000", '"+86 138-0013-8000"'), 1),
        (GOOD.replace("能力上新", '"能力上新"'), 1),
        (GOOD.replace("\r", ",,\r"), 1),
        (GOOD.replace(",", " , "), 1),
        ("\r\n,,\r\n" + HEAD + "\n" + GOOD, 5),
        ("phone,content,path\n" + GOOD, 2),
    ],
)
def test_a_good_line_is_read(written: str, number: int) -> None:
    for octets in (written.encode(), b"\xef\xbb\xbf" + written.encode(), written.encode("gbk")):
        for size in (1, 7, 1 << 20):
            assert lines(octets, size) == [good(number)]


def test_a_comma_and_quotes_within_content() -> None:
    assert lines(b'13800138000,"a,""b""",/') == [Line(1, "+8613800138000", 'a,"b"', page("/"))]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("13800138000,能力上新", "2 columns"),
        ("13800138000,a,/,b", "4 columns"),
        ("12345678910,a,/", "range"),
        ("1380013800,a,/", "range"),
        ("1.38E+10,a,/", "Excel"),
        ("+12025550123,a,/", "not open"),
        ("x1,a,/", "digits"),
        ("13800138000,,/", "empty"),
        ("13800138000," + "上" * 31 + ",/", "31 characters"),
        ("13800138000,【a】,/", "【"),
        ("13800138000,a,", "begins with '/'"),
        ("13800138000,a,//evil.example", "slashes"),
        ("13800138000,a,/../a", "dot"),
        ("13800138000,a,https://evil.example", "begins with '/'"),
        ('13800138000,"a,/', "quotes"),
        ('13800138000,"a"b,/', "quotes"),
        ("13800138000,a\rb,/", "CSV"),
        ("13800138000,a\x00b,/", "U+0000"),
        ("13800138000," + "a" * LONGEST_LINE + ",/", "octets"),
    ],
)
def test_a_bad_line_is_told_and_spoils_no_other(line: str, reason: str) -> None:
    octets = (HEAD + GOOD + line + "\r\n" + GOOD).encode()
    for size in (1 << 20, 1_000, 1):
        first, bad, last = lines(octets, size)
        assert (first, last) == (good(2), good(4))
        assert isinstance(bad, BadLine)
        assert bad.number == 3
        assert reason in bad.reason


def test_a_line_that_is_far_too_long_is_told_once() -> None:
    octets = GOOD.encode() + b"x" * 100_000 + b"\r\n" + GOOD.encode()
    for size in (1 << 20, 999, 5_000):
        first, bad, last = lines(octets, size)
        assert (first, last) == (good(1), good(3))
        assert bad == BadLine(2, f"The line has over {LONGEST_LINE} octets.")
    assert len(lines(b"x" * 9_000, 1_000)) == 1


def test_a_file_has_one_encoding() -> None:
    utf8, gbk = (HEAD + GOOD).encode(), (HEAD + GOOD).encode("gbk")
    assert [type(one) for one in lines(utf8 + gbk)] == [Line, BadLine, BadLine]
    assert [type(one) for one in lines(gbk + utf8)] == [Line, BadLine, BadLine]
    neither = GOOD.encode() + b"13800138000,\xff\xff,/\n"
    assert [type(one) for one in lines(neither)] == [Line, BadLine]


def test_utf_16_is_refused() -> None:
    for size in (1, 1 << 20):
        with pytest.raises(UnusableFile, match="UTF-16"):
            lines((HEAD + GOOD).encode("utf-16"), size)


def test_more_than_30_megabytes_are_refused() -> None:
    task = Task()
    task.feed(b" " * LARGEST)
    with pytest.raises(UnusableFile, match="octets"):
        task.feed(b"\n")


def test_dev_takes_other_numbers() -> None:
    task = Task(lambda written: "+86" + written)
    [line] = task.feed(b"12345678910,a,/\n")
    assert isinstance(line, Line)
    assert line.phone == "+8612345678910"
    [bad] = Task(lambda written: written).feed(b"+12025550123,a,/\n")
    assert bad == BadLine(1, "The number does not begin with +86.")


def test_memory_does_not_grow_with_the_file() -> None:
    piece = (GOOD * 100 + "x" * 5_000 + "\n").encode()
    task = Task()
    task.feed(piece)
    tracemalloc.start()
    for _ in range(20):
        task.feed(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10 * len(piece)


CELLS = st.sampled_from(["13800138000", "能力上新", "/index.html", "", '"', ",", "\n", "x", "é\r"])
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=5)


def written(rows: Iterable[list[str]]) -> bytes:
    into = io.StringIO()
    csv.writer(into).writerows(rows)
    return into.getvalue().encode()


@given(ROWS.map(written) | st.binary(max_size=80), st.integers(1, 60))
def test_any_file_is_read_line_by_line(octets: bytes, size: int) -> None:
    try:
        found = lines(octets)
    except UnusableFile:
        assert octets.startswith((b"\xff\xfe", b"\xfe\xff"))
        return
    assert found == lines(octets, size)
    numbers = [one.number for one in found]
    assert numbers == sorted(set(numbers))
    assert all(0 < number <= octets.count(b"\n") + 1 for number in numbers)
