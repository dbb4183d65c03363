"""The CSV file of a task: numbers, content and path a line, read as it arrives.

The columns are 手机号, 短信内容 and 跳转的静态托管地址, with or without a line that says so. What Excel makes
of such a file is understood: a byte order mark, GBK, numbers without +86, empty cells behind the last.
A line is a record of its own, whatever quotes it leaves open, so one bad line spoils no other.

Memory is bounded by the longest line, not by the file: give `Task.feed` the pieces of an upload and do
with the lines what is to be done before you give it the next. What is sent of a line is named by its
number (and the file), so that a task which begins again sends no line twice.
"""

import csv
from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec

from hongyan.core import marketing, phone
from hongyan.core.errors import HongyanError
from hongyan.core.website import Page, UnsafePath, page

LARGEST: Final = 30 * 1024 * 1024
"""Octets, as describeextensionuploadinfo says (MaxSize: 30)."""
LONGEST_LINE: Final = 4_096
COLUMNS: Final = 3

_BOM: Final = b"\xef\xbb\xbf"
_OTHER_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")
_GBK: Final = "gb18030"
_ENCODINGS: Final = ("utf-8", _GBK)
_MAINLAND: Final = "+86"
_TOO_LONG: Final = f"The line has over {LONGEST_LINE} octets."


class Line(msgspec.Struct, frozen=True):
    """A good line."""

    number: int
    """Counted from 1, the head included, as editors do."""
    phone: str
    """In E.164."""
    content: str
    page: Page


class BadLine(msgspec.Struct, frozen=True):
    """A line of which nothing is sent."""

    number: int
    reason: str
    """A sentence for the task's records."""


class UnusableFile(Exception):
    """Nothing can be made of the rest of the file; the sentence says why."""


Read: TypeAlias = Line | BadLine
Canonical: TypeAlias = Callable[[str], str]
"""A number in E.164; raises InvalidNumber and CountryClosed. `core.phone.canonical`, but in `dev`."""


class Task:
    """Reads one file. Blank lines are passed over."""

    def __init__(self, canonical: Canonical = phone.canonical) -> None:
        self._canonical = canonical
        self._rest = b""
        self._is_skipping = False
        """Within a line that is too long, and was reported."""
        self._number = 0
        self._size = 0
        self._encoding = ""
        """Known from the first line on that is not ASCII: then all are in the same one."""
        self._is_begun = False

    def feed(self, piece: bytes) -> list[Read]:
        """The lines that end in this piece. Raises UnusableFile."""
        self._size += len(piece)
        if self._size > LARGEST:
            raise UnusableFile(f"The file has over {LARGEST} octets.")
        *lines, self._rest = (self._rest + piece).split(b"\n")
        if self._is_skipping:
            self._is_skipping = not lines
            del lines[:1]
            self._rest = b"" if self._is_skipping else self._rest
        found = [read for line in lines if (read := self._line(line))]
        if len(self._rest) > LONGEST_LINE:
            self._rest, self._is_skipping = b"", True
            self._number += 1
            found.append(BadLine(self._number, _TOO_LONG))
        return found

    def end(self) -> list[Read]:
        """The last line, where it has no line end. Raises UnusableFile."""
        rest, self._rest = self._rest, b""
        read = self._line(rest) if rest else None
        return [read] if read else []

    def _line(self, octets: bytes) -> Read | None:
        self._number += 1
        if self._number == 1:
            if octets.startswith(_OTHER_BOMS):
                raise UnusableFile("The file is UTF-16; save it as CSV UTF-8.")
            octets = octets.removeprefix(_BOM)
        if not octets.strip(b" \t\r,"):
            return None
        try:
            cells = self._cells(octets)
            return None if cells is None else self._judged(cells)
        except _Bad as error:
            return BadLine(self._number, str(error))

    def _cells(self, octets: bytes) -> list[str] | None:
        """The cells of a line; None for the line that names the columns."""
        if len(octets) > LONGEST_LINE:
            raise _Bad(_TOO_LONG)
        try:
            [cells] = csv.reader([self._text(octets).rstrip("\r")], strict=True)
        except (csv.Error, ValueError) as error:
            raise _Bad("The line is no CSV: its quotes do not match.") from error
        cells = [cell.strip() for cell in cells]
        is_first, self._is_begun = not self._is_begun, True
        if is_first and not any(letter.isdigit() for letter in cells[0]):
            return None
        return cells

    def _text(self, octets: bytes) -> str:
        """Once a line was GBK, what reads as UTF-8 too may be either, and one of them is gibberish."""
        if octets.isascii():
            return octets.decode("ascii")
        read = {encoding: text for encoding in _ENCODINGS if (text := _decoded(octets, encoding))}
        self._encoding = self._encoding or next(iter(read), "")
        if self._encoding not in read or (self._encoding == _GBK and len(read) > 1):
            raise _Bad("The line is not in the encoding of the file; save it as CSV UTF-8.")
        return read[self._encoding]

    def _judged(self, cells: list[str]) -> Line:
        while len(cells) > COLUMNS and not cells[-1]:
            del cells[-1]
        if len(cells) != COLUMNS:
            raise _Bad(f"The line has {len(cells)} columns; number, content and path are three.")
        try:
            number = self._canonical(cells[0])
            marketing.require_content(cells[1])
            there = page(cells[2])
        except (HongyanError, UnsafePath) as error:
            raise _Bad(_why(error, cells[0])) from error
        if not number.startswith(_MAINLAND):
            raise _Bad("The number does not begin with +86.")
        return Line(self._number, number, cells[1], there)


class _Bad(Exception):
    """A line of which nothing is sent, and why."""


def _decoded(octets: bytes, encoding: str) -> str:
    """Empty where it is not in that encoding."""
    try:
        return octets.decode(encoding)
    except UnicodeDecodeError:
        return ""


def _why(error: Exception, number: str) -> str:
    if "E+" in number:  # Excel makes 1.38E+10 of a number in a cell that is not text.
        return "Excel has shortened the number; format the column as text and fill it in again."
    return str(error)
