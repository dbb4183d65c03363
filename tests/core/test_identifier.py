"""Identifiers: in order whatever the clock does, and one spelling each."""

import uuid
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.errors import NotFound
from hongyan.core.identifier import (
    EPOCH,
    RANDOM_BYTES,
    WRITERS,
    MessageIds,
    made_at,
    random_uuid,
    read,
    read_uuid,
    verification_id,
    written,
    written_uuid,
)
from hongyan.core.time import HOUR, Millis

NOW = 1_795_233_600_000
LAST_MOMENT = EPOCH + (1 << 41) - 1
SEQUENCES = 1 << 12

moments = st.integers(EPOCH, LAST_MOMENT)
ids = st.integers(0, (1 << 63) - 1)
chances = st.binary(min_size=RANDOM_BYTES, max_size=RANDOM_BYTES)


# Messages.


@given(st.lists(st.integers(NOW - HOUR, NOW + HOUR)), st.integers(0, WRITERS - 1))
def test_ids_only_grow_whatever_the_clock_does(clock: list[Millis], writer: int) -> None:
    maker = MessageIds(writer)
    made = [maker.next(now) for now in clock]
    assert all(one < other for one, other in pairwise(made))


def test_an_id_tells_when_it_was_made() -> None:
    assert made_at(MessageIds(0).next(NOW)) == NOW


def test_a_clock_that_is_set_back_is_waited_for() -> None:
    maker = MessageIds(0)
    last = maker.next(NOW)
    assert made_at(maker.next(NOW - HOUR)) == NOW
    assert maker.next(NOW) > last
    assert made_at(maker.next(NOW + 1)) == NOW + 1


def test_a_full_millisecond_borrows_from_the_next() -> None:
    maker = MessageIds(7)
    made = [maker.next(NOW) for _ in range(SEQUENCES + 1)]
    assert len(set(made)) == SEQUENCES + 1
    assert {made_at(one) for one in made[:-1]} == {NOW}
    assert made_at(made[-1]) == NOW + 1


def test_the_next_process_goes_on_above_the_last_id_whatever_its_clock() -> None:
    before = MessageIds(WRITERS - 1)
    last = max(before.next(NOW) for _ in range(10))
    assert MessageIds(0, last).next(NOW - HOUR) > last


def test_two_writers_never_make_the_same_id() -> None:
    one, other = MessageIds(1), MessageIds(2)
    made = {maker.next(NOW) for maker in (one, other) for _ in range(2 * SEQUENCES)}
    assert len(made) == 4 * SEQUENCES


@given(ids)
def test_an_id_is_written_as_thirteen_letters_and_read_back(identifier: int) -> None:
    letters = written(identifier)
    assert len(letters) == 13
    assert read(letters) == read(letters.lower()) == identifier


@given(ids, ids)
def test_letters_stand_in_the_order_of_their_ids(one: int, other: int) -> None:
    assert (written(one) < written(other)) == (one < other)


@pytest.mark.parametrize(
    ("letters", "meant"),
    [
        ("000000000000O", "0000000000000"),
        ("000000000000o", "0000000000000"),
        ("00000000000iI", "0000000000011"),
        ("00000000000lL", "0000000000011"),
        ("7zzzzzzzzzzzz", "7ZZZZZZZZZZZZ"),
    ],
)
def test_letters_that_people_confuse_are_understood(letters: str, meant: str) -> None:
    assert written(read(letters)) == meant


@pytest.mark.parametrize(
    "letters",
    [
        "",
        "000000000000",
        "00000000000000",
        "000000000000U",
        "000000000000-",
        "000000000000 ",
        "000000000000０",
        "000000000000\x00",
        "8000000000000",
        "ZZZZZZZZZZZZZ",
    ],
    ids=ascii,
)
def test_what_is_no_id_names_nothing(letters: str) -> None:
    with pytest.raises(NotFound):
        read(letters)


@pytest.mark.parametrize("letters", ["000000000000ß", "000000000000ı", "000000000000ſ"], ids=ascii)
def test_letters_of_other_scripts_name_nothing(letters: str) -> None:
    with pytest.raises(NotFound):
        read(letters)


@given(st.text() | st.text("0189abOILUzZ-", min_size=12, max_size=14))
def test_whatever_is_asked_for_is_an_id_or_names_nothing(letters: str) -> None:
    try:
        found = read(letters)
    except NotFound:
        return
    assert written(found) == letters.upper().translate(str.maketrans("OIL", "011"))


# Verifications: RFC 9562 §5.7.


@given(moments, chances)
def test_a_verification_is_a_uuid_of_version_seven(now: Millis, chance: bytes) -> None:
    made = uuid.UUID(bytes=verification_id(now, chance))
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == now


@given(moments, moments, chances, chances)
def test_verifications_stand_in_the_order_of_time(
    one: Millis, other: Millis, chance: bytes, another: bytes
) -> None:
    if one < other:
        assert verification_id(one, chance) < verification_id(other, another)


def test_seventy_four_bits_of_a_verification_are_chance() -> None:
    plain = verification_id(NOW, bytes(RANDOM_BYTES))
    each = [verification_id(NOW, (1 << bit).to_bytes(RANDOM_BYTES)) for bit in range(80)]
    changed = [int.from_bytes(plain) ^ int.from_bytes(one) for one in each]
    assert len({one for one in changed if one}) == 74
    assert all(one.bit_count() <= 1 for one in changed)


@given(moments, chances)
def test_a_verification_is_written_as_uuids_are(now: Millis, chance: bytes) -> None:
    made = verification_id(now, chance)
    assert written_uuid(made) == str(uuid.UUID(bytes=made))
    assert read_uuid(written_uuid(made)) == made


@given(st.text() | st.text("0123456789abcdef-{} _", min_size=30, max_size=38))
def test_whatever_is_asked_for_is_a_uuid_or_names_nothing(written_form: str) -> None:
    try:
        found = read_uuid(written_form)
    except NotFound:
        return
    assert len(found) == 16


@given(st.binary(min_size=16, max_size=16))
def test_a_random_uuid_is_of_version_four(chance: bytes) -> None:
    assert random_uuid(chance) == str(uuid.UUID(bytes=chance, version=4))
