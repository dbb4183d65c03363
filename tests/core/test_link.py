"""Short links: told apart, read again, not guessed, gone after 30 days."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.errors import NotFound
from hongyan.core.identifier import MessageId, first_id, made_at
from hongyan.core.link import LENGTH, LIFETIME, SLOTS, Links, is_open
from hongyan.core.time import DAY

LINKS = Links(b"k" * 32)
IDS = st.integers(0, (1 << 63) - 1).map(MessageId)
PLACES = st.integers(0, SLOTS - 1)
NOW = 1_795_198_134_000


@given(IDS, PLACES)
def test_what_is_written_is_read(message: MessageId, slot: int) -> None:
    letters = LINKS.written(message, slot)
    assert len(letters) == LENGTH
    assert letters.isalnum()
    assert letters.isascii()
    assert LINKS.read(letters) == (message, slot)


@given(IDS, PLACES, IDS, PLACES)
def test_no_two_links_are_alike(one: MessageId, slot: int, other: MessageId, place: int) -> None:
    alike = LINKS.written(one, slot) == LINKS.written(other, place)
    assert alike == ((one, slot) == (other, place))


def test_neighbours_share_nothing() -> None:
    first = first_id(NOW)
    written = [LINKS.written(MessageId(first + number)) for number in range(1_000)]
    for place in range(1, LENGTH):
        assert len({letters[place] for letters in written}) == 62


def test_another_key_reads_something_else() -> None:
    letters = LINKS.written(first_id(NOW))
    assert Links(b"j" * 32).read(letters) != (first_id(NOW), 0)


def test_nearly_no_guess_is_open() -> None:
    guesses = [f"{number:011d}" for number in range(8_000)]
    opened = [one for one in guesses if is_open(LINKS.read(one)[0], NOW)]
    assert len(opened) < 30


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
    ],
)
def test_what_cannot_be_a_link_is_not_found(letters: str) -> None:
    with pytest.raises(NotFound):
        LINKS.read(letters)


@given(st.text(max_size=13))
def test_anything_is_read_or_not_found(letters: str) -> None:
    try:
        message, slot = LINKS.read(letters)
    except NotFound:
        return
    assert LINKS.written(message, slot) == letters


def test_a_link_opens_for_30_days() -> None:
    message = first_id(NOW)
    assert made_at(message) == NOW
    assert LIFETIME == 30 * DAY
    assert not is_open(message, NOW - 1)
    assert is_open(message, NOW)
    assert is_open(message, NOW + 30 * DAY - 1)
    assert not is_open(message, NOW + 30 * DAY)


def test_its_repr_tells_nothing() -> None:
    assert "k" * 8 not in repr(LINKS)
