"""HTTP/1.1 on real sockets: what callers may send, and what they are told."""

import asyncio

import pytest

from hongyan.app.http1 import MOST_BODY_BYTES, Connection
from support.caller import DEADLINE_S
from support.serving import HELLO, LARGE, LARGE_BYTES, SLOW, STREAM, Serving, Wire, chunked, request

# Requests and connections.


async def test_a_connection_is_kept_for_the_next_request(serving: Serving) -> None:
    caller = await serving.caller()
    for _ in range(3):
        await caller.say(HELLO)
        told = await caller.hear()
        assert (told.status, told.body) == (200, b'"/hello"')
        assert told.headers["date"].endswith(" GMT")
        assert "connection" not in told.headers


async def test_an_http_1_0_connection_ends_with_its_answer(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(b"GET /old HTTP/1.0\r\n\r\n")
    assert (await caller.hear()).headers["connection"] == "close"
    assert await caller.hear_out() == b""


async def test_an_http_1_0_connection_is_kept_when_asked_for(serving: Serving) -> None:
    caller = await serving.caller()
    for _ in range(2):
        await caller.say(b"GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert (await caller.hear()).headers["connection"] == "keep-alive"


async def test_a_length_that_http_1_0_does_not_know_ends_the_connection(serving: Serving) -> None:
    caller = await serving.caller()
    head = b"POST /old HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
    await caller.say(head + chunked(b"hello") + HELLO)
    assert (await caller.hear()).headers["connection"] == "close"
    assert await caller.hear_out() == b""
    assert serving.paths == ["/old"]


async def test_a_caller_that_says_close_is_left_after_its_answer(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(request("Connection: close", method="GET"))
    assert (await caller.hear()).headers["connection"] == "close"
    assert await caller.hear_out() == b""


async def test_pipelined_requests_are_answered_in_order(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(SLOW + HELLO + request(target="/last"))
    await serving.responder.began.wait()
    serving.responder.gate.set()
    assert [(await caller.hear()).body for _ in range(3)] == [b'"/slow"', b'"/hello"', b'"/last"']


async def test_any_number_of_pipelined_requests_is_answered(serving: Serving) -> None:
    caller = await serving.caller()
    targets = [f"/n{number}" for number in range(500)]
    await caller.say(b"".join(request(target=target) for target in targets))
    bodies = [(await caller.hear()).body for _ in targets]
    assert bodies == [f'"{target}"'.encode() for target in targets]


async def test_a_pipeline_waits_unread_while_too_much_of_it_is_unanswered(
    serving: Serving,
) -> None:
    caller = await serving.caller()
    await caller.say(SLOW)
    await serving.responder.began.wait()
    await caller.say(HELLO * 16)
    await serving.until(lambda: not serving.connection._reading)
    await caller.say(HELLO * 4)
    serving.responder.gate.set()
    assert [(await caller.hear()).status for _ in range(21)] == [200] * 21


async def test_a_pipeline_that_comes_at_once_is_taken_in_pieces(serving: Serving) -> None:
    connection = Connection(serving.server)
    connection.connection_made(Wire())
    connection.data_received(HELLO * 5_000)
    assert len(connection._waiting) < 16 + 4_096 // len(HELLO) + 1
    assert not connection._reading
    connection.connection_lost(None)


@pytest.mark.parametrize(
    "body", [b"", b"a", b"\0\xff\r\n\r\n", bytes(MOST_BODY_BYTES)], ids=["0", "1", "odd", "most"]
)
async def test_a_body_arrives_whole(serving: Serving, body: bytes) -> None:
    caller = await serving.caller()
    await caller.say(request(f"Content-Length: {len(body)}", body=body))
    assert (await caller.hear()).status == 200
    assert serving.responder.asked[0].body == body


async def test_a_chunked_body_arrives_whole(serving: Serving) -> None:
    caller = await serving.caller()
    body = chunked(b"hel", b"lo", bytes(70_000))
    await caller.say(request("Transfer-Encoding: chunked", body=body))
    assert (await caller.hear()).status == 200
    assert serving.responder.asked[0].body == b"hello" + bytes(70_000)


async def test_a_request_may_come_byte_by_byte(serving: Serving) -> None:
    caller = await serving.caller()
    whole = request("Content-Length: 5", body=b"hello") + HELLO
    await caller.say(*(whole[at : at + 1] for at in range(len(whole))))
    assert [(await caller.hear()).body for _ in range(2)] == [b'"/body"', b'"/hello"']
    assert serving.responder.asked[0].body == b"hello"


async def test_headers_are_known_by_their_lower_case_names(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(request("X-Once: 1", "X-Twice: 1", "x-twice: 2", "X-Empty:"))
    await caller.hear()
    headers = serving.responder.asked[0].headers
    assert headers[b"x-once"] == b"1"
    assert headers[b"x-twice"] == b"1, 2"
    assert headers[b"x-empty"] == b""


async def test_the_caller_is_known_by_its_address(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(HELLO)
    await caller.hear()
    assert serving.responder.asked[0].peer == "127.0.0.1"


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/", "/", b""),
        ("/a?b=c&d", "/a", b"b=c&d"),
        ("/a?b?c", "/a", b"b?c"),
        ("/?&", "/", b"&"),
        ("//a", "//a", b""),
        ("/%E9%B8%BF", "/鸿", b""),
        ("/a%2Fb%3Fc", "/a/b?c", b""),
        ("/%ff%00", "/\ufffd\0", b""),
        ("/%zz%", "/%zz%", b""),
        ("http://other.example/a?b=%20", "/a", b"b=%20"),
        ("http://other.example", "/", b""),
        ("http://other.example?b", "/", b"b"),
    ],
)
async def test_a_request_target_is_read_as_path_and_query(
    serving: Serving, target: str, path: str, query: bytes
) -> None:
    caller = await serving.caller()
    await caller.say(request(method="GET", target=target))
    assert (await caller.hear()).status == 200
    assert (serving.responder.asked[0].path, serving.responder.asked[0].query) == (path, query)


async def test_options_asks_of_the_whole_server(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(request(method="OPTIONS", target="*"))
    assert (await caller.hear()).status == 200
    assert serving.paths == ["/"]


async def test_an_upgrade_is_not_made_and_nothing_follows_it(serving: Serving) -> None:
    caller = await serving.caller()
    asked = request("Connection: Upgrade", "Upgrade: websocket", method="GET")
    await caller.say(asked + b"\x81\x05hello" + HELLO)
    told = await caller.hear()
    assert (told.status, told.headers["connection"]) == (200, "close")
    assert await caller.hear_out() == b""


async def test_who_expects_to_be_told_to_continue_is_told(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(request("Content-Length: 5", "Expect: 100-continue"))
    assert (await caller.hear()).status == 100
    await caller.say(b"hello")
    assert (await caller.hear()).status == 200


async def test_nobody_is_told_to_continue_in_the_middle_of_an_answer(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(STREAM)
    await caller.hear()
    await caller.say(request("Content-Length: 5", "Expect: 100-continue", body=b"hello"))
    assert [await caller.hear_until(b"\n") for _ in range(3)] == [b"more\n"] * 3


# Answers.


async def test_head_is_told_everything_but_the_body(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(request(method="HEAD", target="/hello") + HELLO)
    told = await caller.hear(bodiless=True)
    assert (told.status, told.headers["content-length"]) == (200, "8")
    assert (await caller.hear()).body == b'"/hello"'


async def test_head_of_a_stream_is_told_no_body(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(request(method="HEAD", target="/stream"))
    assert (await caller.hear()).status == 200
    assert await caller.hear_out(1) == b""


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_that_has_no_body_tells_no_length(serving: Serving, status: int) -> None:
    caller = await serving.caller()
    await caller.say(request(method="GET", target=f"/{status}") + HELLO)
    told = await caller.hear()
    assert told.status == status
    assert "content-length" not in told.headers
    assert (await caller.hear()).status == 200


async def test_a_stream_comes_as_it_is_made(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(STREAM)
    told = await caller.hear()
    assert (told.status, told.headers["connection"]) == (200, "close")
    assert [await caller.hear_until(b"\n") for _ in range(3)] == [b"more\n"] * 3


async def test_a_stream_ends_when_its_caller_goes(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(STREAM)
    await caller.hear()
    await caller.hang_up()
    async with asyncio.timeout(DEADLINE_S):
        await serving.responder.stream_ended.wait()


async def test_a_caller_that_goes_before_its_answer_disturbs_nobody(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(SLOW)
    await serving.responder.began.wait()
    await caller.vanish()
    await serving.until(lambda: not serving.server.connections)
    serving.responder.gate.set()
    async with asyncio.timeout(DEADLINE_S):
        await serving.responder.answered.wait()
    await serving.took_a_turn()


async def test_nothing_more_is_read_from_a_caller_that_does_not_read(serving: Serving) -> None:
    caller = await serving.caller(receive_buffer=4_096)
    for count in range(1, 40):
        await caller.say(LARGE)
        await serving.until(lambda count=count: len(serving.paths) == count)  # type: ignore[misc]
        if not serving.connection._reading:
            break
    taken = len(serving.paths)
    assert taken < 30
    await caller.say(HELLO)
    await serving.took_a_turn()
    assert serving.paths.count("/large") == taken
    for _ in range(taken):
        assert len((await caller.hear()).body) == LARGE_BYTES
    assert (await caller.hear()).body == b'"/hello"'


async def test_a_pipeline_is_answered_no_faster_than_it_is_read(serving: Serving) -> None:
    caller = await serving.caller(receive_buffer=4_096)
    await caller.say(LARGE * 100)
    await serving.until(lambda: not serving.connection._writable.is_set())
    await serving.took_a_turn()
    assert serving.paths.count("/large") < 50


async def test_a_caller_may_say_all_and_still_read_its_answer(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(SLOW)
    caller.say_no_more()
    await serving.responder.began.wait()
    await serving.took_a_turn()
    serving.responder.gate.set()
    assert (await caller.hear()).body == b'"/slow"'


async def test_a_caller_that_has_said_all_is_left_after_its_answer(serving: Serving) -> None:
    caller = await serving.caller()
    await caller.say(SLOW)
    caller.say_no_more()
    await serving.responder.began.wait()
    await serving.took_a_turn()
    serving.responder.gate.set()
    await caller.hear()
    assert await caller.hear_out(1) == b""
