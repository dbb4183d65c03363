"""A disk that is full and comes back, and one that fails and must not be believed."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import NamedTuple

import pytest

from hongyan.core.command import Sent, Started
from hongyan.core.errors import HongyanError, Limited, StoreUnavailable
from hongyan.core.message import Status
from hongyan.store.opening import StoreSettings
from hongyan.store.sqlite import SqliteStore, seal_of
from hongyan.store.sqlite.writer import CommitUnknown
from support.disk import Disk, failing_disk
from support.seen import seen
from support.world import Furnish, World


@pytest.fixture
def disk() -> Iterator[Disk]:
    with failing_disk() as disk:
        yield disk


@pytest.fixture
async def world(disk: Disk, furnish: Furnish) -> AsyncIterator[World]:
    """A world on that disk, which is well again when it closes."""
    yield await furnish()
    disk.is_full = False


async def test_on_a_full_disk_everybody_is_told_and_nothing_is_half_done(
    world: World, disk: Disk
) -> None:
    message = await world.sent()
    disk.is_full = True
    sends = [world.send() for _ in range(60)]
    answers = await asyncio.gather(world.start(), *sends, return_exceptions=True)
    assert {type(one) for one in answers} == {StoreUnavailable}
    assert world.store.standing().pending == 0
    disk.is_full = False
    assert await world.balance() == 999
    assert [one.message for one in await world.claim()] == [message]


async def test_a_full_disk_is_the_trouble_that_is_shown(world: World, disk: Disk) -> None:
    disk.is_full = True
    with pytest.raises(StoreUnavailable):
        await world.send()
    assert world.store.standing().trouble == "The store cannot write: no space left on device."


async def test_a_full_disk_holds_no_reader_up(world: World, disk: Disk) -> None:
    message = await world.sent()
    disk.is_full = True
    assert await world.status(message) is Status.QUEUED


async def test_as_soon_as_there_is_room_the_store_works_again_by_itself(
    world: World, disk: Disk
) -> None:
    disk.is_full = True
    with pytest.raises(StoreUnavailable):
        await world.send()
    disk.is_full = False
    assert isinstance(await world.send(), Sent)
    assert world.store.standing().trouble == ""


async def test_what_could_not_be_written_counts_towards_no_limit(world: World, disk: Disk) -> None:
    disk.is_full = True
    with pytest.raises(StoreUnavailable):
        await world.start()
    disk.is_full = False
    assert isinstance(await world.start(), Started)
    assert isinstance(await world.start(), Limited)


async def test_a_message_whose_begin_could_not_be_written_is_not_begun(
    world: World, disk: Disk
) -> None:
    message = await world.sent()
    claimed = await world.claim()
    disk.is_full = True
    with pytest.raises(StoreUnavailable):
        await world.begin(claimed)
    disk.is_full = False
    assert await world.status(message) is Status.QUEUED
    assert await world.begin(claimed) == {message.id}


# A sync that fails: nobody knows what the disk holds.


class Lost(NamedTuple):
    """A world whose store was lost in the middle of a commit."""

    world: World
    error: BaseException
    sending: "asyncio.Future[Sent | HongyanError]"

    async def next_process(self) -> World:
        """This one ends with nothing finished, and the kernel lets its files go."""
        store = self.world.raw
        store._writer._commits.put(None)
        store._checkpoint.close()
        store._reader.close()
        store._lists.close()
        store._connection.close()
        store._lock.release()
        self.world.administering.close()
        await self.world._open()
        return self.world


@pytest.fixture
async def lost(world: World, disk: Disk) -> Lost:
    ended: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()
    await world.raw.close()
    seal = seal_of(world.directory, world.clock)
    world.store = store = SqliteStore(
        world.directory, seal, world.rules, StoreSettings(), world.clock, ended.set_result
    )
    await store.start()
    disk.cannot_sync = True
    sending = asyncio.ensure_future(world.send())
    error = await ended
    disk.cannot_sync = False
    return Lost(world, error, sending)


async def test_a_commit_that_was_not_synced_ends_the_store(lost: Lost) -> None:
    assert isinstance(lost.error, CommitUnknown)
    assert lost.world.store.standing().trouble == str(lost.error)
    await lost.next_process()


async def test_whose_commit_was_not_synced_gets_no_answer_and_nobody_another_try(
    lost: Lost,
) -> None:
    with pytest.raises(StoreUnavailable):
        await lost.world.send()
    assert not lost.sending.done()
    await lost.next_process()


async def test_the_next_process_finds_all_of_an_unsynced_commit_or_nothing(lost: Lost) -> None:
    world = await lost.next_process()
    messages = len(seen(world, "SELECT id FROM message"))
    assert len(seen(world, "SELECT id FROM outbox")) == messages
    assert await world.balance() == 1_000 - messages
    assert len(await world.claim()) == messages
