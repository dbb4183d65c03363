"""Notify: an app is told of the end of each message that it gave a name to, until it has taken it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing, suppress
from typing import Any, TypeAlias

import apsw
import msgspec
import pytest

from hongyan.core.errors import StoreUnavailable
from hongyan.core.identifier import written
from hongyan.core.message import Message, Status
from hongyan.core.outcome import Accepted, Rejected
from hongyan.core.time import HOUR, MINUTE, SECOND
from hongyan.service.administer import set_callback
from hongyan.service.notify import WAITS, Notifier
from hongyan.service.ports import Receipt
from hongyan.store.sqlite.schema import DATABASE
from support import postgres
from support.world import World

GOOD, HUNG = "https://good.example/", "https://hung.example/"
Reads: TypeAlias = Callable[[bytes], bool]
LATE = "It did not answer in time."


class Post:
    """Takes what is posted, or says why not."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.posted: list[tuple[str, Mapping[str, str], bytes]] = []

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, is_taken: Reads | None = None
    ) -> str:
        await asyncio.sleep(0)
        self.posted.append((url, headers, body))
        return self.failures.pop(0) if self.failures else ""

    async def close(self) -> None: ...


class Slow:
    """Takes what is posted when the test says so, or not at all."""

    def __init__(self) -> None:
        self.begun: asyncio.Queue[tuple[str, asyncio.Future[str]]] = asyncio.Queue()
        self.under_way: Counter[str] = Counter()

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, is_taken: Reads | None = None
    ) -> str:
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.under_way[url] += 1
        self.begun.put_nowait((url, answer))
        try:
            return await answer
        finally:
            self.under_way[url] -= 1

    async def close(self) -> None: ...


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def slow() -> Slow:
    return Slow()


@asynccontextmanager
async def running(notifier: Notifier) -> AsyncIterator[None]:
    """For ever, but for what hangs a test."""
    async with asyncio.timeout(20):
        task = asyncio.create_task(notifier.run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@pytest.fixture
async def notifier(world: World, post: Post) -> Notifier:
    app = world.administering.directory().apps["app_test"]
    set_callback(world.administering, app, "https://example.com/status")
    await world.store.refresh()
    return Notifier(world.store, post, world.clock)


async def sent(world: World, reference: str = "m-1", **more: Any) -> Message:
    message = msgspec.structs.replace(
        world.message(text="【鸿雁】周五见，编号123456。"),
        reference=reference,
        reference_mark=world.mark(reference, b"reference"),
        reports=True,
        **more,
    )
    await world.send(message)
    return message


async def ended(world: World, status: Status = Status.DELIVERED) -> Message:
    message = await sent(world)
    (claimed,) = await world.begun()
    await world.settle(claimed, Accepted("up-1"))
    await world.store.receive([Receipt(message.id, status, world.clock())])
    return message


async def called(world: World, test: str, other: str = GOOD) -> None:
    """Where both apps are told."""
    apps = world.administering.directory().apps
    set_callback(world.administering, apps["app_test"], test)
    set_callback(world.administering, apps["app_other"], other)
    await world.store.refresh()


async def many(world: World, count: int, app: int = 1) -> list[Message]:
    """So many messages that were delivered."""
    messages = []
    for number in range(count):
        reference = f"m-{app}-{number}"
        message = msgspec.structs.replace(
            world.message(f"+86138{app}{number:07}", app=app),
            reference=reference,
            reference_mark=world.mark(reference, b"reference"),
            reports=True,
        )
        await world.send(message)
        messages.append(message)
    for claimed in await world.begun():
        await world.settle(claimed, Accepted("up-1"))
    await world.store.receive([Receipt(m.id, Status.DELIVERED, world.clock()) for m in messages])
    return messages


def damage(world: World, query: str, message: Message) -> None:
    sql = query.format(message.id)
    if postgres.has_database(world.directory):
        postgres.execute(postgres.database_of(world.directory), sql)
        return
    with closing(apsw.Connection(str(world.directory / DATABASE))) as connection:
        connection.set_busy_timeout(5_000)
        connection.execute(sql)


async def test_the_app_is_told_once_of_a_delivery(
    world: World, post: Post, notifier: Notifier
) -> None:
    message = await ended(world)
    assert await notifier.notify()
    ((url, headers, body),) = post.posted
    assert url == "https://example.com/status"
    assert headers["hongyan-event"] == written(message.id)
    assert headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert body.decode() == (
        "message=%E5%91%A8%E4%BA%94%E8%A7%81%EF%BC%8C%E7%BC%96%E5%8F%B7%2A%E3%80%82"
        "&appName=Test&createTime=2026-11-21+12%3A00%3A00&status=success"
        "&toNumber=138%2A%2A%2A%2A8000&messageId=m-1"
    )
    assert not await notifier.notify()


async def test_nothing_is_told_before_the_end(world: World, post: Post, notifier: Notifier) -> None:
    await sent(world)
    assert not await notifier.notify()
    (claimed,) = await world.begun()
    await world.settle(claimed, Accepted("up-1"))
    assert not await notifier.notify()
    assert not post.posted


@pytest.mark.parametrize(
    ("status", "word"), [(Status.DELIVERED, "success"), (Status.UNDELIVERED, "undelivered")]
)
async def test_the_word_is_the_receipts(
    world: World, post: Post, notifier: Notifier, status: Status, word: str
) -> None:
    await ended(world, status)
    await notifier.notify()
    assert f"status={word}&".encode() in post.posted[0][2]


async def test_a_rejected_and_an_expired_message_are_told_too(
    world: World, post: Post, notifier: Notifier
) -> None:
    await sent(world, "rejected")
    (claimed,) = await world.begun()
    await world.settle(claimed, Rejected("101", "too long"))
    await sent(world, "expired")
    world.clock.pass_by(25 * HOUR)
    await world.sweep()
    await notifier.notify()
    told = {(body.split(b"&status=")[1].split(b"&")[0]) for _, _, body in post.posted}
    assert told == {b"rejected", b"expired"}


async def test_a_receipt_that_moves_nothing_reports_nothing(
    world: World, post: Post, notifier: Notifier
) -> None:
    message = await sent(world)
    await world.store.receive([Receipt(message.id, Status.DELIVERED, world.clock())])
    assert not await notifier.notify()
    assert not post.posted


async def test_a_failure_is_tried_again_later_and_later_then_given_up(
    world: World, post: Post, notifier: Notifier, quiet_log: list[Any]
) -> None:
    message = await ended(world)
    post.failures = ["It answered 500."] * 6
    assert await notifier.notify()
    for number, wait in enumerate(WAITS, start=1):
        assert len(post.posted) == number
        world.clock.pass_by(wait - SECOND)
        assert not await notifier.notify()
        world.clock.pass_by(SECOND)
        assert await notifier.notify()
    assert world.store.standing().reports_given_up == 1
    world.clock.pass_by(24 * HOUR)
    assert not await notifier.notify()
    assert len(post.posted) == 6
    assert (await world.record(message)).report_failure == "It answered 500."
    assert [one["event"] for one in quiet_log] == ["callback.given_up"]
    (debt,) = world.administering.debts(10)
    assert (debt.message, debt.app, debt.attempts) == (message.id, "app_test", 6)


async def test_what_was_given_up_is_tried_again_when_somebody_asks(
    world: World, post: Post, notifier: Notifier
) -> None:
    message = await ended(world)
    post.failures = ["It answered 500."] * 6
    for wait in (0, *WAITS):
        world.clock.pass_by(wait)
        await notifier.notify()
    assert world.administering.owe_again([message.id]) == 1
    await world.store.refresh()
    assert world.store.standing().reports_given_up == 0
    assert await notifier.notify()
    assert len(post.posted) == 7
    assert (await world.record(message)).report_failure == ""


async def test_what_one_has_in_hand_is_not_taken_by_another(
    world: World, notifier: Notifier
) -> None:
    await ended(world)
    assert len(await world.store.claim_reports(10, MINUTE, 10, {})) == 1
    assert not await world.store.claim_reports(10, MINUTE, 10, {})
    world.clock.pass_by(MINUTE)
    assert len(await world.store.claim_reports(10, MINUTE, 10, {})) == 1


async def test_a_restart_forgets_no_report(world: World, post: Post, notifier: Notifier) -> None:
    message = await sent(world)
    await world.restart()
    (claimed,) = await world.begun()
    await world.settle(claimed, Accepted("up-1"))
    await world.store.receive([Receipt(message.id, Status.DELIVERED, world.clock())])
    await world.restart()
    assert await Notifier(world.store, post, world.clock).notify()
    assert b"messageId=m-1" in post.posted[0][2]


async def test_an_app_that_wants_no_calls_any_more_gets_none(
    world: World, post: Post, notifier: Notifier
) -> None:
    await ended(world)
    app = world.administering.directory().apps["app_test"]
    set_callback(world.administering, app, "")
    await world.store.refresh()
    await notifier.notify()
    assert not post.posted


async def test_a_receiver_that_hangs_holds_up_no_other_app(world: World, slow: Slow) -> None:
    await called(world, HUNG)
    await many(world, 40)
    world.clock.pass_by(1)
    await many(world, 1, world.other_app)
    async with running(Notifier(world.store, slow, world.clock)):
        while (await slow.begun.get())[0] != GOOD:
            pass
        assert slow.under_way[HUNG] <= 8
    assert not slow.under_way.total()


async def test_a_place_that_becomes_free_is_taken_at_once(world: World, slow: Slow) -> None:
    await called(world, HUNG)
    await many(world, 9)
    async with running(Notifier(world.store, slow, world.clock)):
        begun = [await slow.begun.get() for _ in range(8)]
        begun[0][1].set_result("")
        await slow.begun.get()
        assert slow.under_way[HUNG] == 8


async def test_a_receiver_that_fails_is_called_one_at_a_time_until_it_takes_one(
    world: World, slow: Slow
) -> None:
    await called(world, HUNG)
    await many(world, 40)
    notifier = Notifier(world.store, slow, world.clock)
    for count, answer in ((8, LATE), (1, LATE), (1, ""), (8, "")):
        telling = asyncio.create_task(notifier.notify())
        async with asyncio.timeout(20):
            begun = [await slow.begun.get() for _ in range(count)]
        assert not await notifier.notify()
        assert slow.begun.empty()
        for _, one in begun:
            one.set_result(answer)
        assert await telling


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (
            "UPDATE message SET sealed = substr(sealed, 2) WHERE id = {}",
            "cannot be read: SealBroken.",
        ),
        ("DELETE FROM message WHERE id = {}", "is gone."),
    ],
)
async def test_a_message_that_cannot_be_read_holds_up_no_other(
    world: World, post: Post, notifier: Notifier, query: str, reason: str
) -> None:
    first, bad, last = await many(world, 3)
    damage(world, query, bad)
    assert await notifier.notify()
    told = {headers["hongyan-event"] for _, headers, _ in post.posted}
    assert told == {written(first.id), written(last.id)}
    for wait in WAITS:
        world.clock.pass_by(wait - SECOND)
        assert not await notifier.notify()
        world.clock.pass_by(SECOND)
        assert await notifier.notify()
    (debt,) = world.administering.debts(10)
    assert (debt.message, debt.attempts) == (bad.id, 6)
    assert debt.failure == f"The message {reason}"
    assert len(post.posted) == 2


async def test_a_bug_in_one_report_throws_away_no_other(
    world: World, slow: Slow, quiet_log: list[Any]
) -> None:
    await called(world, GOOD)
    await many(world, 3)
    notifier = Notifier(world.store, slow, world.clock)
    telling = asyncio.create_task(notifier.notify())
    async with asyncio.timeout(20):
        begun = [await slow.begun.get() for _ in range(3)]
    begun[0][1].set_exception(RuntimeError("a bug"))
    for _, answer in begun[1:]:
        answer.set_result("")
    assert await telling
    assert [one["event"] for one in quiet_log] == ["callback.failed"]
    world.clock.pass_by(WAITS[0])
    (left,) = await world.store.claim_reports(10, MINUTE, 10, {})
    assert left.attempts == 1


async def test_a_store_that_is_gone_ends_no_reports(
    world: World, post: Post, notifier: Notifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = await ended(world)

    async def refuse(reports: object) -> None:
        raise StoreUnavailable

    with monkeypatch.context() as patch:
        patch.setattr(world.store, "reported", refuse)
        assert await notifier.notify()
    world.clock.pass_by(2 * MINUTE)
    assert await notifier.notify()
    events = [headers["hongyan-event"] for _, headers, _ in post.posted]
    assert events == [written(message.id)] * 2
