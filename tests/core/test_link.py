"""Short links: told apart, read again, never anything but 11 letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core import link
from hongyan.core.errors import NotFound
from hongyan.core.time import DAY

LINKS = st.integers(0, (1 << 63) - 1)


@given(LINKS)
def test_what_is_written_is_read(one: int) -> None:
    letters = link.written(one)
    assert len(letters) == link.LENGTH == 11
    assert letters.isalnum()
    assert letters.isascii()
    assert link.read(letters) == one


@given(LINKS, LINKS)
def test_no_two_links_are_alike(one: int, other: int) -> None:
    assert (link.written(one) == link.written(other)) == (one == other)


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=8, max_size=8))
def test_a_link_is_made_of_63_bits_of_chance(one: bytes, other: bytes) -> None:
    assert 0 <= link.made(one) < 1 << 63
    are_alike = int.from_bytes(one) | 1 == int.from_bytes(other) | 1
    assert (link.made(one) == link.made(other)) == are_alike
    assert link.made(b"\xff" * link.BYTES) == (1 << 63) - 1


@pytest.mark.parametrize(
    "letters",
    [
        "",
        "0" * 10,
        "0" * 12,
        "z" * 11,
        "0000000000-",
        "0000000000é",
        "００００００００００００"[:11],
        link.written((1 << 63) - 1)[:-1] + "z",
    ],
)
def test_what_cannot_be_a_link_is_not_found(letters: str) -> None:
    with pytest.raises(NotFound):
        link.read(letters)


@given(st.text(max_size=13))
def test_anything_is_read_or_not_found(letters: str) -> None:
    try:
        one = link.read(letters)
    except NotFound:
        return
    assert link.written(one) == letters


def test_links_live_30_days() -> None:
    assert link.LIFETIME == 30 * DAY
