"""HTTP/1.1 that is refused before any handler sees it: what is none, what is too much."""

import asyncio
import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.app.http1 import MOST_BODY_BYTES, MOST_HEAD_BYTES, Connection, HttpServer
from hongyan.wire.http import Request, Response
from support.caller import DEADLINE_S
from support.serving import (
    HELLO,
    SLOW,
    Responder,
    Serving,
    Wire,
    chunked,
    refused,
    request,
    unread,
)

EXPECTING = request("Content-Length: 1", "Expect: 100-continue")


@pytest.mark.parametrize(
    "garbage",
    [
        b"\r\n\r\nhello\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / SPDY/1.1\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
        b"FETCH / HTTP/1.1\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost here\r\n\r\n",
        b"GET / HTTP/1.1\r\nHo st: here\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : here\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: he\0re\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: here\r\n continued\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
async def test_garbage_is_refused_and_the_connection_ends(serving: Serving, garbage: bytes) -> None:
    caller = await serving.caller()
    await caller.say(garbage)
    assert await refused(caller) == (400, "not_http")
    assert serving.paths == []


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 5", "Content-Length: 6"),
        ("Content-Length: 5", "Content-Length: 5"),
        ("Content-Length: 5, 5",),
        ("Content-Length: -5",),
        ("Content-Length: +5",),
        ("Content-Length: 0x5",),
        ("Content-Length: 5 5",),
        ("Content-Length: 99999999999999999999",),
        ("Content-Length:",),
        ("Content-Length: 5", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 5"),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding : chunked",),
    ],
    ids=" ".join,
)
async def test_a_length_that_two_servers_could_read_differently_is_refused(
    serving: Serving, headers: tuple[str, ...]
) -> None:
    caller = await serving.caller()
    await caller.say(request(*headers, body=chunked(b"hello") + HELLO))
    assert await refused(caller) == (400, "not_http")
    assert serving.paths == []


@pytest.mark.parametrize(
    "body", [b"5\nhello\n0\n\n", b"5;\r\0\r\nhello", b"-5\r\nhello", b"5 \0\r\n"]
)
async def test_a_broken_chunk_is_refused(serving: Serving, body: bytes) -> None:
    caller = await serving.caller()
    await caller.say(request("Transfer-Encoding: chunked", body=body))
    assert await refused(caller) == (400, "not_http")


async def test_nothing_is_read_after_garbage(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(SLOW)
    await serving.responder.began.wait()
    await caller.say(b"garbage\r\n\r\n" + HELLO)
    await serving.took_a_turn()
    serving.responder.gate.set()
    assert (await caller.hear()).headers["connection"] == "close"
    assert await caller.hear_out() == b""
    assert serving.paths == ["/slow", "/turn"]


async def test_garbage_right_behind_a_request_ends_the_connection(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(HELLO + b"garbage\r\n\r\n")
    assert await caller.hear_out(1)


@pytest.mark.parametrize(
    "headers",
    [
        [f"X-{number}: {'a' * 100}" for number in range(MOST_HEAD_BYTES // 100)],
        [f"X-One: {'a' * MOST_HEAD_BYTES}"],
        ["X-Same: a"] * MOST_HEAD_BYTES,
    ],
    ids=["many", "long", "repeated"],
)
async def test_a_flood_of_headers_is_refused(serving: Serving, headers: list[str]) -> None:
    caller = await serving.caller()
    await caller.say(request(*headers))
    assert await refused(caller) == (431, "head_too_large")
    assert serving.paths == []


async def test_a_target_without_an_end_is_refused(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(b"GET /" + b"a" * (2 * MOST_HEAD_BYTES))
    assert await refused(caller, 1) == (431, "head_too_large")


async def test_a_header_without_an_end_is_refused(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(b"GET / HTTP/1.1\r\nX: " + b"a" * (2 * MOST_HEAD_BYTES))
    assert await refused(caller, 1) == (431, "head_too_large")


async def test_what_follows_a_chunked_body_is_no_header(serving: Serving) -> None:
    caller = await serving.caller()
    body = chunked(b"hello").removesuffix(b"\r\n") + b"Authorization: Bearer x\r\n\r\n"
    await caller.say(request("Transfer-Encoding: chunked", "X-Kept: 1", body=body))
    assert (await caller.hear()).status == 200
    assert b"authorization" not in serving.responder.asked[0].headers


async def test_a_trailer_without_an_end_is_refused(serving: Serving) -> None:
    caller = await serving.caller()
    body = b"0\r\nX: " + b"a" * (2 * MOST_HEAD_BYTES)
    await caller.say(request("Transfer-Encoding: chunked", body=body))
    assert await refused(caller, 1) == (431, "head_too_large")


async def test_line_ends_without_a_request_are_refused(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(b"\r\n" * MOST_HEAD_BYTES)
    assert await refused(caller, 1) == (431, "head_too_large")


async def test_what_is_taken_makes_room_for_the_next_head(serving: Serving) -> None:
    caller = await serving.caller()
    large = f"X-Large: {'a' * (MOST_HEAD_BYTES - 3 * 4_096)}"
    for _ in range(3):
        await caller.say(request(large, f"Content-Length: {MOST_BODY_BYTES}"))
        await caller.say(bytes(MOST_BODY_BYTES))
        assert (await caller.hear()).status == 200


@pytest.mark.parametrize("how", ["Content-Length", "chunked"])
async def test_a_body_over_the_bound_is_refused(serving: Serving, how: str) -> None:
    caller = await serving.caller()
    body = bytes(MOST_BODY_BYTES + 1)
    if how == "chunked":
        await caller.say(request("Transfer-Encoding: chunked", body=chunked(body)))
    else:
        await caller.say(request(f"Content-Length: {len(body)}", body=body))
    assert await refused(caller) == (413, "too_large")
    assert serving.paths == []


@pytest.mark.parametrize("size", [1 << 20, 1 << 24])
async def test_a_caller_that_sends_far_too_much_still_reads_why(
    serving: Serving, size: int
) -> None:
    """A usual client reads when it has sent all; by then the answer must not be lost."""
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    writer.write(request(f"Content-Length: {size}", body=bytes(size)))
    await writer.drain()
    assert (await reader.read()).startswith(b"HTTP/1.1 413 ")
    writer.close()


@pytest.mark.parametrize("size", [10, 100, 900, 1_500])
@pytest.mark.parametrize("behind", [b"", b"garbage\r\n\r\n", EXPECTING])
async def test_what_follows_a_refusal_is_passed_over(
    serving: Serving, size: int, behind: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """More of the body, garbage, another head: whatever stands right behind where it was refused."""
    reader, writer = await asyncio.open_connection("127.0.0.1", serving.port)
    body = chunked(*[bytes(size)] * ((1 << 20) // size))
    writer.write(request("Transfer-Encoding: chunked", body=body) + behind)
    await writer.drain()
    assert (await reader.read()).count(b"HTTP/1.1 ") == 1
    writer.close()
    assert caplog.records == []


async def test_a_refused_caller_holds_no_stop_up(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(SLOW + b"garbage\r\n\r\n")
    await serving.responder.began.wait()
    loop = asyncio.get_running_loop()
    stopping = loop.create_task(serving.server.stop(DEADLINE_S))
    await asyncio.sleep(0)
    serving.responder.gate.set()
    async with asyncio.timeout(1):
        await stopping


async def test_a_caller_that_never_stops_sending_is_left(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(request(f"Content-Length: {1 << 40}", body=bytes(MOST_BODY_BYTES + 1)))
    connection = serving.connection
    await serving.until(lambda: connection._leaving)
    connection.expire(asyncio.get_running_loop().time() + 1.9)
    assert serving.server.connections
    connection.expire(asyncio.get_running_loop().time() + 2.1)
    await serving.until(lambda: not serving.server.connections)


async def test_a_body_in_many_chunks_costs_no_more_than_its_bytes() -> None:
    def spent(chunks: int) -> float:
        connection = Connection(HttpServer(Responder(), unread))
        connection.connection_made(Wire())
        began = time.process_time()
        connection.data_received(request("Transfer-Encoding: chunked") + b"1\r\na\r\n" * chunks)
        return time.process_time() - began

    few = min(spent(MOST_BODY_BYTES // 16) for _ in range(3))
    assert spent(MOST_BODY_BYTES) < 60 * few


# Whatever the bytes.


PIECES = st.sampled_from(
    [
        HELLO,
        b"GET ",
        b"POST /a HTTP/1.1\r\n",
        b"HEAD /stop HTTP/1.0\r\n",
        b" HTTP/1.1\r\n",
        b"Content-Length: 3\r\n",
        b"Content-Length: 999999\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Connection: close\r\n",
        b"Connection: upgrade\r\nUpgrade: h2c\r\n",
        b"Expect: 100-continue\r\n",
        b"\r\n",
        b"3\r\nabc\r\n",
        b"0\r\n\r\n",
        b"http://a/%",
        b"?",
        b"%x\r\n" % MOST_BODY_BYTES + bytes(MOST_BODY_BYTES) + b"\r\n",
    ]
)


@given(chunks=st.lists(PIECES | st.binary(max_size=40), max_size=12))
async def test_no_bytes_break_a_connection(chunks: list[bytes]) -> None:
    async def respond(asked: Request) -> Response:
        await asyncio.sleep(0)
        return Response(200, asked.body)

    connection, wire = Connection(HttpServer(respond, unread)), Wire()
    connection.connection_made(wire)
    for chunk in chunks:
        connection.data_received(chunk)
        await asyncio.sleep(0)
    if connection._answering is not None:
        await asyncio.wait_for(connection._answering, DEADLINE_S)
    # Once to be told that it is late, once to be left.
    connection.expire(asyncio.get_running_loop().time() + 1_000)
    connection.expire(asyncio.get_running_loop().time() + 2_000)
    assert wire.closing
    connection.eof_received()
    connection.connection_lost(None)


WHOLE = request("Content-Length: 5", "X-A: b", target="/a%20b?c", body=b"hello") + HELLO


@given(cuts=st.sets(st.integers(1, len(WHOLE) - 1)))
async def test_a_request_is_read_alike_wherever_it_is_cut(cuts: set[int]) -> None:
    asked: list[Request] = []

    async def respond(one: Request) -> Response:
        asked.append(one)
        return Response(200)

    connection = Connection(HttpServer(respond, unread))
    connection.connection_made(Wire())
    edges = [0, *sorted(cuts), len(WHOLE)]
    for start, end in pairwise(edges):
        connection.data_received(WHOLE[start:end])
    assert connection._answering is not None
    await asyncio.wait_for(connection._answering, DEADLINE_S)
    assert [(one.path, one.query, one.body) for one in asked] == [
        ("/a b", b"c", b"hello"),
        ("/hello", b"", b""),
    ]
    assert asked[0].headers == {b"host": b"here", b"content-length": b"5", b"x-a": b"b"}
