"""Files of numbers and their tasks on every store: whoever is killed or comes too, a line is texted once."""

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import pytest

from hongyan.core import link
from hongyan.core.hours import ALWAYS, Hours
from hongyan.core.limit import Window
from hongyan.core.message import Kind, Status
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND
from hongyan.service.accept import Acceptance, Addressed
from hongyan.service.admit import Admission
from hongyan.service.directory import Directory, Environment, WechatProfile
from hongyan.service.serving import Serving
from hongyan.service.tasks import Done, DoneRecord, Task
from hongyan.service.website import Websites, WechatSettings
from hongyan.service.wechat.caller import Caller
from hongyan.service.wechat.uploading import (
    MOST_A_DAY,
    PIECE_BYTES,
    Uploading,
    UploadRefused,
)
from hongyan.service.wechat.working import LEASE, Worker
from support.world import Furnish, Moment, World

ENV: Final = "online-12345678910"
FILE: Final = 1 << 62
NAME: Final = link.written(FILE)


def task_of(world: World, number: int = FILE, **differing: Any) -> Task:
    given: dict[str, Any] = {"environment": ENV, "short_name": False, "created_at": world.clock()}
    return Task(id=number, app=world.app, **(given | differing))


def lines(numbers: Sequence[int]) -> bytes:
    return "".join(f"+86138{one:08d},能力上新,/index.html\n" for one in numbers).encode()


# What is kept.


async def test_a_file_is_kept_in_pieces_and_sealed(world: World) -> None:
    desk = world.administering
    assert desk.begin_upload(FILE, world.app)
    assert not desk.begin_upload(FILE, world.app)
    assert desk.owner_of_upload(FILE) == 0
    desk.add_piece(FILE, 0, b"one")
    desk.add_piece(FILE, 1, b"two")
    desk.end_upload(FILE, 6)
    assert desk.owner_of_upload(FILE) == world.app
    assert [desk.piece(FILE, number) for number in range(3)] == [b"one", b"two", None]
    desk.drop_upload(FILE)
    assert desk.piece(FILE, 0) is None
    assert desk.begin_upload(FILE, world.app)


async def test_a_file_makes_one_task(world: World) -> None:
    desk, task = world.administering, task_of(world)
    assert desk.add_task(task) == task
    assert desk.add_task(task_of(world, environment="another")) == task
    assert desk.task(FILE) == task
    assert desk.task(1) is None


async def test_tasks_are_taken_up_in_turn(world: World) -> None:
    desk = world.administering
    assert desk.claim_task(SECOND) is None
    for number in (1, 2):
        desk.add_task(task_of(world, number))
        world.clock.pass_by(1)
    assert [desk.claim_task(SECOND) for _ in range(3)] == [desk.task(1), desk.task(2), None]
    world.clock.pass_by(SECOND - 1)
    assert desk.claim_task(SECOND) is None
    world.clock.pass_by(1)
    first = desk.claim_task(SECOND)
    assert first is not None
    desk.put_off_task(first, world.clock() + HOUR)
    world.clock.pass_by(MINUTE)
    assert desk.claim_task(HOUR) == desk.task(2)
    assert desk.claim_task(HOUR) is None
    desk.free_tasks()
    assert {desk.claim_task(HOUR), desk.claim_task(HOUR)} == {desk.task(1), desk.task(2)}


async def test_who_comes_late_advances_nothing(world: World) -> None:
    desk = world.administering
    task = desk.add_task(task_of(world))
    advanced = desk.advance_task(task, 2, [Done(1, reason="a"), Done(2, reason="b")], SECOND)
    assert advanced == msgspec.structs.replace(task, line=2)
    assert desk.advance_task(task, 3, [Done(3, reason="c")], SECOND) is None
    assert not desk.end_task(task, [Done(3, reason="c")])
    assert advanced is not None
    assert desk.end_task(advanced, [Done(3, reason="d")])
    assert not desk.end_task(advanced, [Done(4, reason="e")])
    assert records(world) == (
        3,
        [DoneRecord(1, "a", None), DoneRecord(2, "b", None), DoneRecord(3, "d", None)],
    )
    assert records(world, 1, 1) == (3, [DoneRecord(2, "b", None)])
    assert desk.claim_task(SECOND) is None


async def test_what_nobody_wants_is_forgotten(world: World) -> None:
    desk = world.administering
    for number in (1, 2, 3):
        assert desk.begin_upload(number, world.app)
        desk.add_piece(number, 0, b"1")
    task = desk.add_task(task_of(world, 2))
    assert desk.advance_task(task, 1, [Done(1)], SECOND)
    world.clock.pass_by(DAY)
    assert desk.begin_upload(4, world.app)
    now = world.clock()
    assert desk.forget_tasks(now, now - DAY, 1) == 1
    assert desk.forget_tasks(now, now - DAY, 10) == 1
    assert [desk.piece(number, 0) for number in (1, 2, 3)] == [None, b"1", None]
    assert desk.forget_tasks(now, now, 10) == 1
    assert desk.task(2) is None
    assert desk.piece(2, 0) is None
    assert records(world, of=2) == (0, [])
    assert not desk.begin_upload(4, world.app)


def records(
    world: World, offset: int = 0, most: int = 10_000, of: int = FILE
) -> tuple[int, list[DoneRecord]]:
    directory: Directory = world.store.directory
    return world.administering.lines_of_task(of, offset, most, directory)


# How it is done.


class House:
    """Workers over a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.acceptance = Acceptance(world.store, world.sealer, world.clock, frozenset({"sandbox"}))
        self.serving = Serving(
            store=world.store,
            sealer=world.sealer,
            clock=world.clock,
            chance=random.Random(7).randbytes,
            admission=Admission(world.store, world.sealer),
            acceptance=self.acceptance,
            desk=world.desk,
            base_url="https://sms.example.com",
        )

    def worker(self) -> Worker:
        settings = WechatSettings(websites=str(self.world.directory / "websites"))
        return Worker(self.serving, Websites(settings, self.serving.base_url))

    def task(self, content: bytes) -> Task:
        desk = self.world.administering
        assert desk.begin_upload(FILE, self.world.app)
        for number, start in enumerate(range(0, len(content), PIECE_BYTES)):
            desk.add_piece(FILE, number, content[start : start + PIECE_BYTES])
        desk.end_upload(FILE, len(content))
        return desk.add_task(task_of(self.world))

    def done(self) -> list[DoneRecord]:
        count, found = records(self.world)
        assert count == len(found)
        assert [one.line for one in found] == list(range(1, count + 1))
        return found

    def ended(self) -> bool:
        task = self.world.administering.task(FILE)
        assert task is not None
        return task.ended_at > 0

    async def texts(self) -> Counter[str]:
        """How many there are to each number; all that wait are charged."""
        world = self.world
        _, found = await world.store.texts(world.app, 0, world.clock() + DAY, 0, 10_000)
        waiting = [one.units for one in found if one.status is Status.QUEUED]
        assert world.packages - await world.store.balance(world.account) == sum(waiting)
        return Counter(one.phone for one in found)

    def change(self, **differing: Any) -> None:
        desk = self.world.administering
        app = desk.directory().apps["app_test"]
        desk.change_app(msgspec.structs.replace(app, **differing))


@pytest.fixture
async def house(furnish: Furnish) -> House:
    return await open_house(furnish)


async def open_house(furnish: Furnish, packages: int = 5_000) -> House:
    world = await furnish(clock=Moment(), packages=packages)
    desk = world.administering
    desk.name_app(world.app, "wechat", "wx0123456789abcdef")
    desk.put_environment(Environment(id=ENV, app=world.app))
    for kind in Kind:
        desk.put_route(kind, ["sandbox"])
    made = House(world)
    made.change(wechat=WechatProfile(nickname="云开发"), hours=ALWAYS)
    page = world.directory / "websites" / ENV / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("", "utf-8")
    await world.store.refresh()
    return made


async def test_each_line_is_texted(house: House) -> None:
    """Of a file of several pieces, and with a last line that does not end."""
    numbers = range(2_500)
    task = house.task(lines(numbers) + b"1,2,3")
    await house.worker().work(task)
    assert house.ended()
    done = house.done()
    assert [one.text.phone if one.text else "" for one in done] == [
        *(f"+86138{number:08d}" for number in numbers),
        "",
    ]
    assert {one.text.status for one in done if one.text} == {Status.QUEUED}
    assert set((await house.texts()).values()) == {1}
    assert house.world.administering.piece(FILE, 0) is None


async def test_who_was_killed_has_texted_what_is_not_written(house: House) -> None:
    """He had the answer, and died before he wrote it down."""
    task = house.task(lines(range(5)))
    app = house.world.store.directory.apps["app_test"]
    before = [
        Addressed(
            to=f"+86138{number:08d}",
            kind=Kind.MARKETING,
            text="【云开发】能力上新",
            units=1,
            reference=f"{NAME}:{number + 1}",
            once=True,
        )
        for number in range(3)
    ]
    sent = await house.acceptance.take(app, before)
    await house.world.restart()
    again = House(house.world)
    await again.worker().work(task)
    assert again.ended()
    found = [one.text.id if one.text else 0 for one in again.done()]
    assert found[:3] == [getattr(one, "id", 0) for one in sent]
    assert all(found[3:])
    assert set((await again.texts()).values()) == {1}


async def test_he_is_believed_for_longer_than_references_are(house: House) -> None:
    """A house that was down for days."""
    task = house.task(lines(range(2)))
    app = house.world.store.directory.apps["app_test"]
    one = Addressed(
        to="+8613800000000",
        kind=Kind.MARKETING,
        text="【云开发】能力上新",
        units=1,
        reference=f"{NAME}:1",
        once=True,
    )
    await house.acceptance.take(app, [one])
    house.world.clock.pass_by(3 * DAY)
    while await house.world.store.sweep():
        pass
    await house.worker().work(task)
    assert house.ended()
    assert await house.texts() == {"+8613800000000": 1, "+8613800000001": 1}


async def test_two_at_one_task_text_each_line_once(house: House) -> None:
    """The lease of one has ended while it was slow."""
    task = house.task(lines(range(1_000)))
    await asyncio.gather(*(house.worker().work(task) for _ in range(3)))
    while not house.ended():
        left = house.world.administering.task(FILE)
        assert left is not None
        await house.worker().work(left)
    assert len(house.done()) == 1_000
    found = await house.texts()
    assert len(found) == 1_000
    assert set(found.values()) == {1}


async def test_a_task_waits_until_it_may_be_sent(house: House) -> None:
    task = house.task(lines(range(3)))
    worker, world = house.worker(), house.world
    for closed in ({"hours": Hours(13 * 60, 14 * 60)}, {"enabled": False, "hours": ALWAYS}):
        house.change(**closed)
        await world.store.refresh()
        await worker.work(task)
        assert house.done() == []
        assert world.administering.claim_task(LEASE) is None
        world.clock.pass_by(HOUR)
        assert world.administering.claim_task(LEASE) == task
    house.change(enabled=True)
    await world.store.refresh()
    await worker.work(task)
    assert len(house.done()) == 3


async def test_what_is_refused_is_told_and_the_rest_sent(house: House) -> None:
    house.change(windows=(Window("24h", 1, DAY),))
    await house.world.store.refresh()
    await house.worker().work(house.task(lines([1, 1, 2])))
    assert [bool(one.text) for one in house.done()] == [True, False, True]
    assert house.done()[1].reason.startswith("LimitExceeded.")
    assert set((await house.texts()).values()) == {1}


async def test_nothing_is_sent_that_nobody_has_paid(furnish: Furnish) -> None:
    house = await open_house(furnish, packages=2)
    await house.worker().work(house.task(lines(range(4))))
    assert house.ended()
    assert sum((await house.texts()).values()) == 2
    reasons = {one.reason.partition(":")[0] for one in house.done() if not one.text}
    assert reasons == {"FailedOperation.InsufficientBalanceInSmsPackage"}


async def test_a_store_without_a_route_lets_a_task_wait(house: House) -> None:
    task = house.task(lines(range(2)))
    house.world.administering.put_route(Kind.MARKETING, [])
    await house.world.store.refresh()
    await house.worker().work(task)
    assert house.done() == []
    house.world.administering.put_route(Kind.MARKETING, ["sandbox"])
    await house.world.store.refresh()
    await house.worker().work(task)
    assert len(house.done()) == 2


async def test_a_worker_finds_what_another_has_left(house: House) -> None:
    task = house.task(lines(range(2)))
    assert house.world.administering.claim_task(HOUR) == task
    running = asyncio.create_task(house.worker().run(alone=True))
    async with asyncio.timeout(10):
        while not await asyncio.to_thread(house.ended):
            await asyncio.wait([running], timeout=0.02)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(house.done()) == 2


async def test_an_app_puts_so_many_files_in_a_day(house: House) -> None:
    """Each may have 30 MB, and is kept for a day though nobody makes a task of it."""
    world, uploading = house.world, Uploading(house.serving)
    for number in range(MOST_A_DAY):
        assert world.administering.begin_upload(number + 1, world.app)
    address = await new_address(house, uploading)
    with pytest.raises(UploadRefused, match="100 files in a day"):
        await uploading.put(address, b"1")
    world.clock.pass_by(DAY)
    await uploading.put(await new_address(house, uploading), b"1")


async def new_address(house: House, uploading: Uploading) -> str:
    app = house.world.store.directory.apps["app_test"]
    asked = {"PostData": {"ExtensionFiles": [{"FileType": "SMS", "FileName": "a.csv"}]}}
    told = msgspec.json.decode(await uploading.info(Caller(app), msgspec.json.encode(asked)))
    (file,) = told["Response"]["FilesData"]
    address: str = file["UploadUrl"].rpartition("/")[2]
    assert uploading.is_good(address)
    return address
