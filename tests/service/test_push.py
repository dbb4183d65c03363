"""Push: apps are told in Tencent's form, results by the hundred and replies one by one, thrice at most."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from hongyan.core.message import Message, Status
from hongyan.core.outcome import Accepted, Rejected
from hongyan.core.time import HOUR, MINUTE, SECOND
from hongyan.service.directory import Callback, Form, TencentProfile
from hongyan.service.hear import Hearing
from hongyan.service.notify import Notifier
from hongyan.service.ports import Receipt
from hongyan.service.push import WAITS
from hongyan.wire import callback
from hongyan.wire.tencent import push
from hongyan.wire.tencent.push import TAKEN, serial_no
from support.world import World

URL, OTHER_URL = "https://example.com/sms", "https://other.example/sms"
SECRET = bytes(range(32))
PHONE = "+8613800138000"
NO = b'{"result":1,"errmsg":"busy"}'


class Server:
    """An app's own: answers as it is told to."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        """In turn; that it was taken when there is none left."""
        self.posted: list[tuple[str, Mapping[str, str], bytes]] = []
        self.hangs: dict[str, asyncio.Event] = {}
        """URL → until when it does not answer."""

    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        is_taken: Callable[[bytes], bool] | None = None,
    ) -> str:
        self.posted.append((url, headers, body))
        assert is_taken is not None
        if url in self.hangs:
            await self.hangs[url].wait()
        answer = self.answers.pop(0) if self.answers else TAKEN
        return "" if is_taken(answer) else "Its answer does not say that it was taken."

    async def close(self) -> None: ...

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(body) for _, _, body in self.posted]


@pytest.fixture
def server() -> Server:
    return Server()


async def called(world: World, name: str = "app_test", url: str = URL) -> None:
    """Told in this form from now on, or (with no address) asked for."""
    app = world.administering.directory().apps[name]
    told = Callback(url, SECRET, Form.TENCENT) if url else None
    changed = msgspec.structs.replace(app, callback=told, tencent=TencentProfile())
    world.administering.change_app(changed)
    await world.store.refresh()


@pytest.fixture
async def notifier(world: World, server: Server) -> Notifier:
    await called(world)
    return Notifier(world.store, server, world.clock)


async def sent(world: World, count: int = 1, app: int = 1) -> list[Message]:
    messages = []
    for number in range(count):
        message = world.message(f"+86138{app}{number:07}", app=app)
        message = msgspec.structs.replace(message, reference=f"ctx {number}", reports=True)
        await world.send(message)
        messages.append(message)
    return messages


async def ended(
    world: World, count: int = 1, app: int = 1, status: Status = Status.DELIVERED, code: str = ""
) -> list[Message]:
    messages = await sent(world, count, app)
    for claimed in await world.begun(1_000):
        await world.settle(claimed, Accepted("up-1"))
    receipts = [Receipt(one.id, status, world.clock(), code) for one in messages]
    await world.store.receive(receipts)
    return messages


async def heard(world: World, *texts: str) -> None:
    message = (await sent(world))[0]
    hearing = Hearing(world.store, world.sealer, world.clock)
    for text in texts:
        await hearing.hear(message.phone, text, message=message.id)


async def test_a_result_is_told_as_tencent_tells_it(
    world: World, server: Server, notifier: Notifier
) -> None:
    (message,) = await ended(world, code="DELIVRD")
    assert await notifier.notify()
    ((url, headers, _),) = server.posted
    assert url == URL
    assert headers["content-type"].startswith("application/json")
    assert server.bodies == [
        [
            {
                "user_receive_time": "2026-11-21 12:00:00",
                "nationcode": "86",
                "mobile": "13810000000",
                "report_status": "SUCCESS",
                "errmsg": "DELIVRD",
                "description": "短信已送达",
                "sid": serial_no(message.id),
                "ext": "ctx 0",
            }
        ]
    ]
    assert not await notifier.notify()


async def test_a_push_is_signed_as_every_callback(
    world: World, server: Server, notifier: Notifier
) -> None:
    await ended(world)
    await heard(world, "好的")
    while await notifier.notify():
        pass
    for _, headers, body in server.posted:
        now = world.clock() // SECOND
        event, signature = headers["hongyan-event"], headers["hongyan-signature"]
        assert callback.is_signed(SECRET, now, event, body, signature, now)
    assert len({headers["hongyan-event"] for _, headers, _ in server.posted}) == 2


@pytest.mark.parametrize(
    ("status", "code", "report", "word"),
    [
        (Status.DELIVERED, "", "SUCCESS", "DELIVRD"),
        (Status.UNDELIVERED, "MK:0001", "FAIL", "MK:0001"),
        (Status.UNDELIVERED, "", "FAIL", "UNKNOWN"),
    ],
)
async def test_the_carrier_s_word_is_told(  # noqa: PLR0917 - a table's row
    world: World,
    server: Server,
    notifier: Notifier,
    status: Status,
    code: str,
    report: str,
    word: str,
) -> None:
    await ended(world, status=status, code=code)
    await notifier.notify()
    (one,) = server.bodies[0]
    assert (one["report_status"], one["errmsg"]) == (report, word)
    assert one["description"]


async def test_what_was_never_sent_has_failed(
    world: World, server: Server, notifier: Notifier
) -> None:
    await sent(world)
    (claimed,) = await world.begun()
    await world.settle(claimed, Rejected("blocked", "Blocked."))
    await notifier.notify()
    assert [one["report_status"] for one in server.bodies[0]] == ["FAIL"]


async def test_a_hundred_go_in_one_post(world: World, server: Server, notifier: Notifier) -> None:
    messages = await ended(world, 230)
    while await notifier.notify():
        pass
    assert [len(body) for body in server.bodies] == [100, 100, 30]
    told = [one["sid"] for body in server.bodies for one in body]
    assert told == [serial_no(one.id) for one in messages]


async def test_a_reply_is_told_as_tencent_tells_it(
    world: World, server: Server, notifier: Notifier
) -> None:
    await heard(world, "谢谢", "T")
    assert await notifier.notify()
    first, second = server.bodies
    assert first == {
        "extend": "",
        "mobile": "13810000000",
        "nationcode": "86",
        "sign": "鸿雁",
        "text": "谢谢",
        "time": world.clock() // SECOND,
    }
    assert second["text"] == "T"
    assert not await notifier.notify()


@pytest.mark.parametrize("answer", [NO, b"", b"OK", b"[]", b'{"result":"0"}', b'{"result":0'])
async def test_what_does_not_say_that_it_was_taken_is_told_again(
    world: World, server: Server, notifier: Notifier, answer: bytes
) -> None:
    await ended(world)
    await heard(world, "好的")
    server.answers = [answer, answer]
    assert await notifier.notify()
    world.clock.pass_by(WAITS[0] - SECOND)
    assert not await notifier.notify()
    world.clock.pass_by(SECOND)
    assert await notifier.notify()
    bodies = [body for _, _, body in server.posted]
    assert bodies[2:] == bodies[:2]
    events = [headers["hongyan-event"] for _, headers, _ in server.posted]
    assert events[2:] == events[:2]
    assert await world.store.take_results(1, 100) == []
    assert await world.store.take_replies(1, 100) == []


async def test_after_three_tries_it_waits_to_be_pulled(
    world: World, server: Server, notifier: Notifier, quiet_log: list[Any]
) -> None:
    messages = await ended(world, 2)
    await heard(world, "好的")
    server.answers = [NO] * 2 * push.TRIES
    for wait in (*WAITS, 24 * HOUR):
        assert await notifier.notify()
        world.clock.pass_by(wait)
    assert not await notifier.notify()
    assert len(server.posted) == 2 * push.TRIES
    assert [one["event"] for one in quiet_log] == ["callback.given_up"] * 2
    found = await world.store.take_results(1, 100)
    assert [one.id for one in found] == [one.id for one in messages]
    assert [one.text for one in await world.store.take_replies(1, 100)] == ["好的"]
    assert world.store.standing().reports_given_up == 0


async def test_each_has_its_own_tries(world: World, server: Server, notifier: Notifier) -> None:
    (old,) = await ended(world)
    server.answers = [NO]
    await notifier.notify()
    world.clock.pass_by(WAITS[0])
    await ended(world, 1)
    server.answers = [NO]
    await notifier.notify()
    assert len(server.bodies[1]) == 2
    world.clock.pass_by(WAITS[0])
    assert await notifier.notify()
    assert len(server.bodies[2]) == 1
    world.clock.pass_by(WAITS[1])
    assert await notifier.notify()
    assert [one["sid"] for one in server.bodies[3]] == [serial_no(old.id)]


async def test_an_app_that_asks_is_told_nothing(
    world: World, server: Server, notifier: Notifier
) -> None:
    await called(world, url="")
    (message,) = await ended(world)
    await heard(world, "好的")
    for _ in range(3):
        assert not await notifier.notify()
        world.clock.pass_by(HOUR)
    assert server.posted == []
    assert [one.id for one in await world.store.take_results(1, 100)] == [message.id]
    assert len(await world.store.take_replies(1, 100)) == 1


async def test_what_is_asked_for_while_it_is_told_is_given_to_one_of_them(
    world: World, server: Server, notifier: Notifier
) -> None:
    messages = await ended(world, 150)
    await heard(world, "一", "二", "三")
    server.hangs[URL] = asyncio.Event()
    telling = asyncio.create_task(notifier.notify())
    async with asyncio.timeout(5):
        while len(server.posted) < 2:
            await asyncio.sleep(0)
    pulled = [one.id for one in await world.store.take_results(1, 100)]
    texts = [one.text for one in await world.store.take_replies(1, 100)]
    server.hangs[URL].set()
    await telling
    told = [one["sid"] for body in server.bodies if isinstance(body, list) for one in body]
    back = [body["text"] for body in server.bodies if isinstance(body, dict)]
    assert Counter([*told, *map(serial_no, pulled)]) == Counter(serial_no(m.id) for m in messages)
    assert sorted([*back, *texts]) == sorted(["一", "二", "三"])
    assert len(pulled) == 50


async def test_a_server_that_hangs_holds_up_no_other_app(
    world: World, server: Server, notifier: Notifier
) -> None:
    await called(world, "app_other", OTHER_URL)
    await ended(world, 3)
    await ended(world, 3, world.other_app)
    server.hangs[URL] = asyncio.Event()
    running = asyncio.create_task(notifier.run())
    await wait_for(lambda: OTHER_URL in urls(server))
    later = await ended(world, 1, world.other_app)
    await wait_for(lambda: serial_no(later[0].id) in str(server.bodies[-1]))
    assert Counter(urls(server)) == {URL: 1, OTHER_URL: 2}
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_was_not_told_to_the_end_is_told_after_its_lease(
    world: World, server: Server, notifier: Notifier
) -> None:
    await ended(world, 2)
    await heard(world, "好的")
    server.hangs[URL] = asyncio.Event()
    telling = asyncio.create_task(notifier.notify())
    await wait_for(lambda: len(server.posted) == 2)
    telling.cancel()
    await asyncio.gather(telling, return_exceptions=True)
    server.hangs.clear()
    await world.restart()
    after = Notifier(world.store, server, world.clock)
    assert not await after.notify()
    world.clock.pass_by(2 * MINUTE)
    assert await after.notify()
    assert server.posted[2][2] == server.posted[0][2]
    assert server.posted[3][2] == server.posted[1][2]


async def test_replies_are_told_in_their_order_though_one_was_refused(
    world: World, server: Server, notifier: Notifier
) -> None:
    await heard(world, *"一二三")
    server.answers = [TAKEN, NO]
    assert await notifier.notify()
    world.clock.pass_by(2 * MINUTE)
    while await notifier.notify():
        pass
    assert [body["text"] for body in server.bodies] == ["一", "二", "二", "三"]


def urls(server: Server) -> list[str]:
    return [url for url, _, _ in server.posted]


async def wait_for(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not seen():
            await asyncio.sleep(0)
