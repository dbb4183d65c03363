"""How a connection ends: who keeps us waiting for too long, and the end of the server."""

import asyncio

import pytest

from support.caller import DEADLINE_S
from support.serving import HELLO, LARGE, SLOW, Serving, refused, request

# Clocks: how long a caller may keep us.


async def test_a_request_that_does_not_come_in_is_refused(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(b"GET / HTTP/1.1\r\nHost:")
    await serving.until(lambda: serving.server.connections and serving.connection._arriving)
    now = asyncio.get_running_loop().time()
    serving.connection.expire(now + 14)
    assert not serving.connection._transport.is_closing()
    serving.connection.expire(now + 16)
    assert await refused(caller) == (408, "too_slow")


async def test_a_body_that_does_not_come_in_is_refused(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(request("Content-Length: 5", body=b"hel"))
    await serving.until(lambda: serving.server.connections and serving.connection._body == b"hel")
    serving.connection.expire(asyncio.get_running_loop().time() + 16)
    assert await refused(caller) == (408, "too_slow")


async def test_a_connection_that_is_not_used_is_closed(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(HELLO)
    await caller.hear()
    now = asyncio.get_running_loop().time()
    serving.connection.expire(now + 74)
    await caller.say(HELLO)
    assert (await caller.hear()).status == 200
    serving.connection.expire(now + 80)
    assert await caller.hear_out() == b""


async def test_a_caller_may_wait_for_a_slow_answer(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(SLOW)
    await serving.responder.began.wait()
    serving.connection.expire(asyncio.get_running_loop().time() + 1_000)
    serving.responder.gate.set()
    assert (await caller.hear()).status == 200


async def test_a_caller_that_does_not_read_its_answer_is_left(serving: Serving) -> None:
    caller = await serving.caller(receive_buffer=4_096)
    await caller.say(LARGE * 20)
    await serving.until(lambda: serving.server.connections and not serving.connection._reading)
    now = asyncio.get_running_loop().time()
    serving.connection.expire(now + 74)
    assert not serving.connection._transport.is_closing()
    serving.connection.expire(now + 76)
    await serving.until(lambda: not serving.server.connections)
    assert serving.paths.count("/large") < 20


# The end.


async def test_a_stop_waits_for_the_answer_that_is_being_made(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(SLOW)
    await serving.responder.began.wait()
    stopping = asyncio.create_task(serving.server.stop(DEADLINE_S))
    await serving.until(lambda: serving.server.stopping)
    serving.responder.gate.set()
    assert (await caller.hear()).headers["connection"] == "close"
    assert await caller.hear_out() == b""
    await stopping


async def test_a_stop_waits_for_all_that_was_asked(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(SLOW + HELLO + b"GET /half HTTP/1.1\r\n")
    await serving.responder.began.wait()
    stopping = asyncio.create_task(serving.server.stop(DEADLINE_S))
    await serving.until(lambda: serving.server.stopping)
    serving.responder.gate.set()
    assert "connection" not in (await caller.hear()).headers
    assert (await caller.hear()).headers["connection"] == "close"
    assert await caller.hear_out() == b""
    await stopping


async def test_a_stop_waits_also_when_callers_came_and_went_before(serving: Serving) -> None:
    await serving.took_a_turn()
    await serving.until(lambda: not serving.server.connections)
    caller = await serving.caller()
    await caller.say(SLOW)
    await serving.responder.began.wait()
    stopping = asyncio.create_task(serving.server.stop(DEADLINE_S))
    await serving.until(lambda: serving.server.stopping)
    asyncio.get_running_loop().call_later(0.05, serving.responder.gate.set)
    try:
        assert (await caller.hear()).status == 200
    finally:
        await stopping


async def test_a_stop_closes_idle_connections_at_once(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(HELLO)
    await caller.hear()
    async with asyncio.timeout(DEADLINE_S):
        await serving.server.stop(60)
    assert await caller.hear_out() == b""


async def test_a_stop_takes_no_more_connections(serving: Serving) -> None:
    await serving.server.stop(1)
    with pytest.raises(ConnectionRefusedError):
        await serving.caller()


async def test_a_stop_cuts_off_what_takes_too_long(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(SLOW)
    await serving.responder.began.wait()
    async with asyncio.timeout(DEADLINE_S):
        await serving.server.stop(0.05)
    assert await caller.hear_out() == b""
