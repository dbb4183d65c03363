"""Forms: `multipart/form-data` (RFC 7578) as Node's `form-data` writes it, which every SDK here uses.

Names are kept in lower case, as signatures list them; two fields that differ by nothing else are
refused, since one would be signed and the other used. Whatever the bytes, `read` gives a form or
raises MalformedForm.
"""

import re
from collections.abc import Mapping
from typing import Final, TypeAlias

Form: TypeAlias = Mapping[str, bytes]
"""Values by name, in lower case."""

MOST_FIELDS: Final = 32

_BOUNDARY: Final = re.compile(
    r"""(?i)\s*multipart/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))\s*(?:;.*)?"""
)
"""RFC 2046 §5.1.1: at most 70 characters."""
_LONGEST_TYPE: Final = 512
_LONGEST_HEAD: Final = 1_024
_NAME: Final = re.compile(
    rb'(?i)content-disposition:\s*form-data;(?:.*;)?\s*name="([\w.-]{1,64})".*'
)
_ENCODING: Final = b"content-transfer-encoding"
_PLAIN_ENCODINGS: Final = frozenset({b"binary", b"8bit", b"7bit"})


class MalformedForm(Exception):
    """What is no form of fields; the sentence says why."""


def read(content_type: str, body: bytes) -> Form:
    """The fields of a form. Raises MalformedForm."""
    delimiter = b"\r\n--" + _boundary(content_type)
    pieces = (b"\r\n" + body).split(delimiter, MOST_FIELDS + 1)
    before, *parts = pieces
    if before.strip(b"\r\n") or not parts:
        raise MalformedForm("The body does not begin with its boundary.")
    *fields, end = parts
    if not end.startswith(b"--") or end[2:].strip(b"\r\n"):
        raise MalformedForm("The body does not end with its boundary.")
    form: dict[str, bytes] = {}
    for part in fields:
        name, value = _field(part)
        if name in form:
            raise MalformedForm(f"The field {name} comes twice.")
        form[name] = value
    return form


def written(form: Form, boundary: str, binary: str = "") -> bytes:
    """A form as the SDKs send it; `binary` names the field that is no text."""
    lines = []
    for name, value in form.items():
        kind = b"\r\nContent-Type: application/octet-stream" if name == binary else b""
        head = b'Content-Disposition: form-data; name="%b"%b' % (name.encode(), kind)
        lines.append(b"--%b\r\n%b\r\n\r\n%b\r\n" % (boundary.encode(), head, value))
    return b"".join(lines) + b"--%b--\r\n" % boundary.encode()


def _boundary(content_type: str) -> bytes:
    if len(content_type) <= _LONGEST_TYPE and (found := _BOUNDARY.fullmatch(content_type)):
        return (found[1] or found[2]).encode("latin-1", "replace")
    raise MalformedForm("The Content-Type is not multipart/form-data with a boundary.")


def _field(part: bytes) -> tuple[str, bytes]:
    """What follows a delimiter: blanks, a line end, lines of a head, an empty line, the value."""
    padding, line_end, rest = part.partition(b"\r\n")
    head, blank, value = rest.partition(b"\r\n\r\n")
    if padding.strip(b" \t") or not line_end or not blank or len(head) > _LONGEST_HEAD:
        raise MalformedForm("A field of the form has no head.")
    name = b""
    for line in head.split(b"\r\n"):
        if b"\n" in line:  # Which the expression would look for an end to, again and again.
            raise MalformedForm("A line of a field's head holds a line feed alone.")
        if found := _NAME.fullmatch(line):
            name = found[1]
        elif _is_encoded(line):
            raise MalformedForm("A field of the form is encoded; send it as it is.")
    if not name:
        raise MalformedForm("A field of the form has no name.")
    return name.decode("ascii").lower(), value


def _is_encoded(line: bytes) -> bool:
    name, _, value = line.partition(b":")
    return name.lower() == _ENCODING and value.strip().lower() not in _PLAIN_ENCODINGS
