"""Bodies that are larger than most: where a route takes them, and a few at a time."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from hongyan.app.http1 import MOST_BODY_BYTES, MOST_LARGE
from support.serving import HELLO, Serving, chunked, refused, request

MOST = 3 * MOST_BODY_BYTES
TAKEN = f"X-Most: {MOST}"


@pytest.fixture
async def serving() -> AsyncIterator[Serving]:
    made = Serving()
    await made.start()
    yield made
    await made.close()


def large(size: int = MOST, target: str = "/body") -> bytes:
    return request(TAKEN, f"Content-Length: {size}", target=target, body=bytes(size))


@pytest.mark.parametrize("how", ["Content-Length", "chunked"])
async def test_a_large_body_is_taken_whole(serving: Serving, how: str) -> None:
    caller = await serving.caller()
    body = bytes(MOST)
    if how == "chunked":
        await caller.say(request(TAKEN, "Transfer-Encoding: chunked", body=chunked(body)))
    else:
        await caller.say(large())
    assert (await caller.hear()).status == 200
    assert serving.responder.asked[0].body == body
    assert not serving.server.with_large


async def test_one_that_is_larger_than_that_is_refused(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(large(MOST + 1))
    assert await refused(caller) == (413, "too_large")
    assert not serving.server.with_large


async def test_a_large_one_may_take_longer_while_enough_of_it_comes(serving: Serving) -> None:
    """A second more for each 256 KiB over the bound of most: one and a half here."""
    caller = await serving.caller()
    await caller.say(large()[: -MOST_BODY_BYTES // 2])
    connection = serving.connection
    await serving.until(lambda: len(connection._body) > 2 * MOST_BODY_BYTES)
    now = asyncio.get_running_loop().time()
    connection.expire(now + 16)
    assert not connection._refused
    connection.expire(now + 17)
    assert await refused(caller) == (408, "too_slow")


async def test_what_follows_a_large_one_waits_and_is_answered(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(large(target="/slow") + large() + HELLO)
    await serving.responder.began.wait()
    await serving.took_a_turn()
    assert serving.paths == ["/slow", "/turn"]
    serving.responder.gate.set()
    for _ in range(3):
        assert (await caller.hear()).status == 200
    assert serving.paths == ["/slow", "/turn", "/body", "/hello"]
    assert not serving.server.with_large


async def test_only_a_few_are_held_at_once(serving: Serving) -> None:
    half = large()[: 2 * MOST_BODY_BYTES]
    callers = [await serving.caller() for _ in range(MOST_LARGE)]
    for caller in callers:
        await caller.say(half)
    await serving.until(lambda: len(serving.server.with_large) == MOST_LARGE)
    more = await serving.caller()
    await more.say(large())
    assert await refused(more) == (503, "busy")
    usual = await serving.caller()
    await usual.say(HELLO)
    assert (await usual.hear()).status == 200
    for caller in callers:
        await caller.say(large()[2 * MOST_BODY_BYTES :])
        assert (await caller.hear()).status == 200
    again = await serving.caller()
    await again.say(large())
    assert (await again.hear()).status == 200
    assert not serving.server.with_large


async def test_whoever_leaves_makes_room(serving: Serving) -> None:
    half = large()[: 2 * MOST_BODY_BYTES]
    for _ in range(2):
        callers = [await serving.caller() for _ in range(MOST_LARGE)]
        for caller in callers:
            await caller.say(half)
        await serving.until(lambda: len(serving.server.with_large) == MOST_LARGE)
        for caller in callers:
            await caller.hang_up()
        await serving.until(lambda: not serving.server.with_large)


async def test_whoever_leaves_while_it_is_answered_makes_room(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(large(target="/slow"))
    await serving.responder.began.wait()
    await caller.hang_up()
    serving.responder.gate.set()
    await serving.until(lambda: not serving.server.with_large)


async def test_whoever_is_too_slow_makes_room(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(large()[: 2 * MOST_BODY_BYTES])
    await serving.until(lambda: serving.server.with_large)
    serving.connection.expire(asyncio.get_running_loop().time() + 100)
    assert await refused(caller) == (408, "too_slow")
    assert not serving.server.with_large
