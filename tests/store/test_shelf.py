"""The handset's shelf: what was put there is there, whoever put it there and however they ended."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hongyan.core.identifier import MessageId
from hongyan.core.message import Kind
from hongyan.service.handset import Handset
from hongyan.service.ports import HandsetText
from hongyan.store.seal import KeyRing, Seal
from hongyan.store.shelf import SHELF_FILE, ShelfFile
from support.world import Moment

Open = Callable[[], ShelfFile]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """Opens the shelf as one more process would."""
    seal = Seal(KeyRing.create(tmp_path / "hongyan.key", 0), Moment())
    shelves = []

    def one_more() -> ShelfFile:
        shelves.append(ShelfFile(tmp_path, seal))
        return shelves[-1]

    yield one_more
    for shelf in shelves:
        shelf.close()


def text(number: int, words: str = "您好") -> HandsetText:
    return HandsetText(MessageId(number), "+8613800138000", words, Kind.NOTICE, number)


def put(shelf: ShelfFile, *numbers: int) -> None:
    shelf.put([text(number) for number in numbers])


def ids(texts: list[HandsetText]) -> list[int]:
    return [int(one.id) for one in texts]


def test_what_one_puts_there_all_others_find(opened: Open) -> None:
    first, second, reader = opened(), opened(), opened()
    assert reader.load(10) == []
    put(first, 1, 2)
    put(second, 3)
    assert ids(reader.news()) == [1, 2, 3]
    assert reader.news() == []
    put(first, 4)
    assert ids(reader.news()) == [4]
    assert ids(opened().load(10)) == [1, 2, 3, 4]


@pytest.mark.parametrize("kept", [1, 7, 8, 11, 12, 13, 60, -1])
def test_a_piece_that_was_cut_short_hides_no_other(opened: Open, tmp_path: Path, kept: int) -> None:
    shelf, reader, file = opened(), opened(), tmp_path / SHELF_FILE
    put(shelf, 1)
    whole = file.stat().st_size
    put(shelf, 2)
    torn = file.read_bytes()[:whole] + file.read_bytes()[whole:][:kept]
    file.write_bytes(torn)
    assert ids(reader.news()) == [1]
    put(shelf, 3)
    assert ids(reader.news()) == [3]
    put(shelf, 4)
    assert ids(reader.news()) == [4]
    assert ids(opened().load(10)) == [1, 3, 4]


def test_a_piece_that_is_being_written_is_read_when_it_is_whole(
    opened: Open, tmp_path: Path
) -> None:
    shelf, reader, file = opened(), opened(), tmp_path / SHELF_FILE
    put(shelf, 1)
    piece = file.read_bytes()
    for length in range(len(piece)):
        file.write_bytes(piece[:length])
        assert reader.news() == []
    file.write_bytes(piece)
    assert ids(reader.news()) == [1]


def test_the_newest_are_kept_and_the_file_is_made_short(opened: Open, tmp_path: Path) -> None:
    shelf = opened()
    put(shelf, *range(100))
    before = (tmp_path / SHELF_FILE).stat().st_size
    assert ids(shelf.load(5)) == list(range(95, 100))
    assert (tmp_path / SHELF_FILE).stat().st_size < before
    put(shelf, 100)
    assert ids(shelf.news()) == [100]
    assert ids(opened().load(10)) == list(range(95, 101))


def test_a_file_that_another_has_open_is_left_as_it_is(opened: Open, tmp_path: Path) -> None:
    writer, reader = opened(), opened()
    put(writer, *range(20))
    before = (tmp_path / SHELF_FILE).read_bytes()
    assert ids(reader.load(5)) == list(range(15, 20))
    assert (tmp_path / SHELF_FILE).read_bytes() == before
    put(writer, 20)
    assert ids(reader.news()) == [20]


def test_of_a_long_file_the_end_is_read(opened: Open) -> None:
    shelf = opened()
    for number in range(50):
        shelf.put([text(number, "字" * 200)])
    other = opened()  # So that it is not made short.
    assert ids(other.load(3)) == [47, 48, 49]
    assert ids(other.load(50)) == list(range(50))


async def test_a_phone_that_is_shared_shows_what_any_process_delivers(opened: Open) -> None:
    phone = Handset(opened(), Moment(), shared=True)
    following = asyncio.create_task(phone.follow())
    with phone.listening() as listener:
        put(opened(), 7)
        heard = await listener.next(5)
    assert heard == text(7)
    assert ids(phone.texts("+8613800138000")) == [7]
    following.cancel()
