"""Protocol Buffers: the encoding's own examples, its edges, and whatever bytes there are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.wire.cloudcall import commapi, protobuf
from hongyan.wire.cloudcall.protobuf import BadProtobuf, Fields


def test_the_examples_of_the_encodings_page() -> None:
    assert Fields(bytes.fromhex("089601")).whole(1) == 150
    assert Fields(bytes.fromhex("120774657374696e67")).text(2) == "testing"
    within = Fields(bytes.fromhex("1a03089601")).message(3)
    assert within is not None
    assert within.whole(1) == 150
    assert protobuf.number(1, 150) == bytes.fromhex("089601")
    assert protobuf.text(2, "testing") == bytes.fromhex("120774657374696e67")
    assert protobuf.number(1, -2) == bytes.fromhex("08feffffffffffffffff01")


@given(st.integers(-(1 << 31), (1 << 31) - 1), st.integers(1, 1 << 28))
def test_a_number_is_read_as_it_is_written(value: int, field: int) -> None:
    assert Fields(protobuf.number(field, value)).whole(field) == value


@given(st.integers(0, (1 << 32) - 1))
def test_a_natural_number_too(value: int) -> None:
    assert Fields(protobuf.number(1, value)).natural(1) == value


def test_the_last_of_several_counts_and_messages_are_merged() -> None:
    twice = protobuf.text(1, "a") + protobuf.text(1, "b")
    assert Fields(twice).text(1) == "b"
    two = protobuf.octets(2, protobuf.text(1, "a")) + protobuf.octets(2, protobuf.text(3, "c"))
    merged = Fields(two).message(2)
    assert merged is not None
    assert (merged.text(1), merged.text(3)) == ("a", "c")
    assert [one.text(1) for one in Fields(two).messages(2, 2)] == ["a", ""]


def test_what_is_absent_is_as_nothing() -> None:
    nothing = Fields(b"")
    assert (nothing.whole(1), nothing.natural(1), nothing.text(1), nothing.octets(1)) == (
        0,
        0,
        "",
        b"",
    )
    assert nothing.message(1) is None
    assert nothing.messages(1, 0) == []


def test_what_is_not_asked_for_is_skipped() -> None:
    fixed = bytes.fromhex("39" + "00" * 8 + "45" + "00" * 4)
    fields = Fields(fixed + protobuf.text(1, "a") + protobuf.number(9, 1))
    assert fields.text(1) == "a"
    with pytest.raises(BadProtobuf, match="wire type"):
        fields.text(7)


@pytest.mark.parametrize(
    "data",
    [
        "08",
        "0880",
        "08ffffffffffffffffff02",
        "08ffffffffffffffffffff01",
        "80808080808080808080808001",
        "00",
        "0a",
        "0a05",
        "0a0561626364",
        "0affffffffffffffffff01",
        "0b",
        "0c",
        "0e",
        "0f",
        "09" + "00" * 7,
        "0d" + "00" * 3,
        "f8ffffff7f01",
    ],
)
def test_what_is_broken_is_refused(data: str) -> None:
    with pytest.raises(BadProtobuf, match=r"\w"):
        Fields(bytes.fromhex(data))


def test_a_wrong_wire_type_is_refused() -> None:
    with pytest.raises(BadProtobuf):
        Fields(protobuf.number(1, 1)).text(1)
    with pytest.raises(BadProtobuf):
        Fields(protobuf.text(1, "a")).whole(1)
    with pytest.raises(BadProtobuf):
        Fields(protobuf.number(1, 1) + protobuf.text(1, "a")).text(1)
    with pytest.raises(BadProtobuf, match="UTF-8"):
        Fields(protobuf.octets(1, b"\xff")).text(1)


def test_a_message_of_very_many_fields_is_refused() -> None:
    Fields(protobuf.number(1, 1) * 9_999)
    with pytest.raises(BadProtobuf, match="fields"):
        Fields(protobuf.number(1, 1) * 10_001)


def test_a_call_of_very_many_parameters_is_refused_unread() -> None:
    pairs = protobuf.octets(1, b"") * commapi.MOST_PAIRS
    assert len(commapi.read_call(protobuf.octets(2, pairs)).pairs) == commapi.MOST_PAIRS
    # What is behind them is no message, which nobody notices.
    with pytest.raises(BadProtobuf, match="over 100 times"):
        commapi.read_call(protobuf.octets(2, pairs + protobuf.octets(1, b"\xff")))


NEARLY = st.lists(
    st.sampled_from([b"\x08\x00", b"\x12", b"\x0a", b"\x2a\x00", b"\x32\x01a", b"\xff", b"\x80"])
    | st.binary(max_size=6)
    | st.binary(max_size=20).map(lambda value: protobuf.octets(2, protobuf.octets(1, value))),
    max_size=10,
).map(b"".join)


@given(st.binary(max_size=200) | NEARLY)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for read in (commapi.read_call, commapi.read_answer):
        try:
            found = read(data)
        except BadProtobuf:
            continue
        assert read(found.written()) == found
