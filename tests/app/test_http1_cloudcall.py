"""What `wx-server-sdk` puts on the wire comes in such that its signature is known: absolute targets,
`?&`, bodies in chunks.
"""

import pytest

from hongyan.wire.cloudcall import call
from support.serving import Serving, chunked
from support.wechat import SECRET_KEY, Recorded, recorded


def head(one: Recorded, *more: bytes) -> bytes:
    lines = [f"POST {one.target} HTTP/1.1".encode()]
    lines += [b"%b: %b" % pair for pair in one.request.headers.items()]
    return b"\r\n".join([*lines, *more, b"", b""])


def pieces(body: bytes, size: int) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


@pytest.mark.parametrize("one", recorded(), ids=lambda one: one.label)
async def test_a_recorded_call_comes_in_whole(serving: Serving, one: Recorded) -> None:
    body = one.request.body
    caller = await serving.caller()
    await caller.say(head(one, b"Content-Length: %d" % len(body)), body)
    assert (await caller.hear()).body == b'"/admin"'
    for size in (13, 1 << 16):
        await caller.say(
            head(one, b"Transfer-Encoding: chunked"), *pieces(chunked(*pieces(body, size)), 97)
        )
        assert (await caller.hear()).status == 200
    for request in serving.responder.asked:
        assert request.body == body
        found = call.read(request)
        found.require(request, SECRET_KEY, one.now_s)
        assert found.parameters() == one.arguments
    assert len(serving.responder.asked) == 3
