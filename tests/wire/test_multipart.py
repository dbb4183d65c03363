"""Forms: odd ones are read, broken ones refused, and none crashes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.wire.cloudcall.multipart import MOST_FIELDS, MalformedForm, read

KIND = "multipart/form-data; boundary=b"
FIELD = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
ODD = (
    b"--b\r\ncontent-type: text/plain\r\n"
    b'CONTENT-DISPOSITION:form-data;name="A"; filename="x.bin"\r\n'
    b"Content-Transfer-Encoding: Binary\r\nX: y\r\n\r\n1\r\n--b--"
)


@pytest.mark.parametrize(
    ("kind", "body", "form"),
    [
        (KIND, FIELD + b"--b--\r\n", {"a": b"1"}),
        (KIND, FIELD + b"--b--", {"a": b"1"}),
        (KIND, FIELD + b"--b--\r\n\r\n", {"a": b"1"}),
        (KIND, b"\r\n" + FIELD + b"--b--\r\n", {"a": b"1"}),
        (KIND, FIELD.replace(b"--b", b"--b \t") + b"--b--", {"a": b"1"}),
        ('Multipart/Form-Data;charset=utf-8; Boundary="b"', FIELD + b"--b--", {"a": b"1"}),
        (KIND + "; charset=utf-8", FIELD + b"--b--", {"a": b"1"}),
        (KIND, FIELD.replace(b"1", b"") + b"--b--", {"a": b""}),
        (KIND, FIELD.replace(b"1", b"\r\n--\r\n--c") + b"--b--", {"a": b"\r\n--\r\n--c"}),
        (
            KIND,
            ODD,
            {"a": b"1"},
        ),
        (KIND, b"--b--\r\n", {}),
    ],
)
def test_a_form_is_read(kind: str, body: bytes, form: dict[str, bytes]) -> None:
    assert read(kind, body) == form


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (KIND, b""),
        (KIND, FIELD),
        (KIND, FIELD + b"--b"),
        (KIND, FIELD + b"--b-"),
        (KIND, FIELD + b"--b--more"),
        (KIND, FIELD[:-1] + b"--b--"),
        (KIND, b"more" + FIELD + b"--b--"),
        (KIND, FIELD + FIELD + b"--b--"),
        (KIND, FIELD + FIELD.replace(b'"a"', b'"A"') + b"--b--"),
        (KIND, FIELD.replace(b"form-data", b"attachment") + b"--b--"),
        (KIND, FIELD.replace(b'"a"', '"名"'.encode()) + b"--b--"),
        (KIND, FIELD.replace(b'"a"', b'""') + b"--b--"),
        (KIND, FIELD.replace(b"\r\n\r\n", b"\r\n") + b"--b--"),
        (KIND, FIELD.replace(b"\r\n\r\n", b"\r\nX: " + b"x" * 2_000 + b"\r\n\r\n") + b"--b--"),
        (
            KIND,
            FIELD.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n") + b"--b--",
        ),
        (KIND, FIELD.replace(b"\r\n", b"\n") + b"--b--"),
        (KIND, FIELD.replace(b'"a"', b'"a"\nX: y') + b"--b--"),
        (KIND, FIELD.replace(b'"a"', b'"a"\r\nX: y\nz') + b"--b--"),
        (
            KIND,
            b"".join(FIELD.replace(b'"a"', b'"a%d"' % number) for number in range(MOST_FIELDS + 1))
            + b"--b--",
        ),
        ("", FIELD + b"--b--"),
        ("application/json", FIELD + b"--b--"),
        ("multipart/form-data", FIELD + b"--b--"),
        ("multipart/form-data; boundary=", FIELD + b"--b--"),
        ("multipart/form-data; boundary=" + "b" * 71, FIELD + b"--b--"),
        ("multipart/form-data; boundary=" + "b" * 1_000_000, FIELD + b"--b--"),
    ],
)
def test_what_is_no_form_is_refused(kind: str, body: bytes) -> None:
    with pytest.raises(MalformedForm, match=r"\w"):
        read(kind, body)


@pytest.mark.parametrize(
    "line",
    [
        b"Content-Transfer-Encoding: x" + b" " * 900 + b"y",
        b"Content-Disposition: form-data" + b'; name="a"' * 80 + b"\n",
    ],
)
def test_no_head_takes_its_time(line: bytes) -> None:
    """Lines whose reading once took 10 ms each, of which a stranger's body has thousands."""
    bodies = [FIELD.replace(b'"a"', b'"a"\r\n' + line) + b"--b--"] * 3_000
    for body in bodies:
        with pytest.raises(MalformedForm):
            read(KIND, body)


PIECES = st.lists(
    st.sampled_from([b"--b", b"--", b"\r\n", b"\r\n\r\n", FIELD, b'name="a"', b"b", b" ", b";"])
    | st.binary(max_size=5),
    max_size=14,
).map(b"".join)


@given(PIECES, st.sampled_from([KIND, 'multipart/form-data; boundary="b"']) | st.text(max_size=60))
def test_any_body_is_read_or_refused(body: bytes, kind: str) -> None:
    try:
        form = read(kind, body)
    except MalformedForm:
        return
    assert all(name == name.lower() for name in form)
