"""/sandbox: the sandbox phone's own API, for tests and for its page. In `dev` only; no key."""

import re
from collections.abc import AsyncIterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from hongyan.api.endpoint import Endpoint, answer, decoded, encode
from hongyan.api.problem import BadRequest
from hongyan.core import phone
from hongyan.core.errors import NotFound
from hongyan.core.identifier import read, written
from hongyan.core.time import SECOND, rfc3339
from hongyan.service.handset import Handset, code_of, signature_of
from hongyan.service.hear import LONGEST, Hearing
from hongyan.service.ports import HandsetText
from hongyan.wire.http import Request, Response
from hongyan.wire.wechat.requests import EXAMPLE_NUMBER

_LONGEST_WAIT_S: Final = 30
_SECONDS: Final = re.compile(r"\d{1,2}", re.ASCII)
_HEARTBEAT_S: Final = 15.0
_EVENT_STREAM: Final = b"text/event-stream"
_NOT_CACHED: Final = ((b"cache-control", b"no-store"),)
_NUMBER: Final = ("invalid_number", "country_closed")


class SandboxMessage(msgspec.Struct):
    """A text on the sandbox phone, whole. `phone` is written as at home; `code` is the digits of a
    verification text.
    """

    id: str
    phone: str
    text: str
    signature: str
    code: str | None
    accepted_at: str


class SandboxMessages(msgspec.Struct):
    """Newest first."""

    messages: list[SandboxMessage]


class SandboxReply(msgspec.Struct, forbid_unknown_fields=True):
    """A text back, from a number that was texted: an answer to the newest one, or to `message`."""

    phone: Annotated[str, Meta(max_length=64)]
    text: Annotated[str, Meta(max_length=LONGEST)]
    message: Annotated[str, Meta(max_length=64)] = ""


class SandboxReplied(msgspec.Struct):
    """A reply that its app is told of. `opts_out`: from now on the number gets no marketing."""

    id: str
    phone: str
    text: str
    signature: str
    opts_out: bool
    sent_at: str


_decoder: Final = msgspec.json.Decoder(SandboxReply)


class SandboxApi:
    """Answers for the handset."""

    def __init__(self, handset: Handset, hearing: Hearing) -> None:
        self._handset = handset
        self._hearing = hearing

    async def latest(self, request: Request) -> Response:
        number = _number(request.parameter("phone"))
        after = request.parameter("after")
        text = await self._handset.latest(
            number, after=read(after) if after else 0, wait=_wait(request) * SECOND
        )
        if text is None:
            raise NotFound("No text has arrived for this number.")
        return answer(_view(text))

    async def messages(self, request: Request) -> Response:
        given = request.parameter("phone")
        texts = self._handset.texts(_number(given) if given else "")
        return answer(SandboxMessages([_view(text) for text in texts]))

    async def reply(self, request: Request) -> Response:
        body: SandboxReply = decoded(request, _decoder)
        number = _number(body.phone)
        newest = [text.id for text in self._handset.texts(number)[:1]]
        answered = [read(body.message)] if body.message else newest
        if not answered:
            raise NotFound("No text has arrived for this number.")
        reply = await self._hearing.hear(number, body.text, message=answered[0])
        replied = SandboxReplied(
            id=written(reply.id),
            phone=phone.national(reply.phone),
            text=reply.text,
            signature=reply.signature,
            opts_out=reply.opts_out,
            sent_at=rfc3339(reply.at),
        )
        return answer(replied, 201)

    async def events(self, _request: Request) -> Response:
        return Response(200, content_type=_EVENT_STREAM, headers=_NOT_CACHED, stream=self._stream())

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="GET",
                path="/sandbox/messages/latest",
                handle=self.latest,
                name="latestSandboxMessage",
                summary="The newest text of a number; waits for one",
                tag="Sandbox",
                gives={200: SandboxMessage},
                problems=("invalid_request", *_NUMBER, "not_found", "host_refused"),
                query={
                    "phone": "The number, in any accepted form",
                    "wait": "Seconds to wait for a text, at most 30",
                    "after": "Only a text newer than this id",
                },
            ),
            Endpoint(
                method="GET",
                path="/sandbox/messages",
                handle=self.messages,
                name="listSandboxMessages",
                summary="The texts of a number, or of all, newest first",
                tag="Sandbox",
                gives={200: SandboxMessages},
                problems=(*_NUMBER, "host_refused"),
                query={"phone": "The number, in any accepted form"},
            ),
            Endpoint(
                method="POST",
                path="/sandbox/replies",
                handle=self.reply,
                name="replyFromSandbox",
                summary="Text back from a number",
                tag="Sandbox",
                takes=SandboxReply,
                gives={201: SandboxReplied},
                problems=(
                    *_NUMBER,
                    "invalid_text",
                    "text_too_long",
                    "not_found",
                    "host_refused",
                ),
            ),
            Endpoint(
                method="GET",
                path="/sandbox/events",
                handle=self.events,
                name="sandboxEvents",
                summary="Texts as they arrive (server-sent events)",
                tag="Sandbox",
                gives={200: None},
                problems=("host_refused",),
            ),
        ]

    async def _stream(self) -> AsyncIterator[bytes]:
        with self._handset.listening() as listener:
            yield b": listening\n\n"
            while True:
                try:
                    text = await listener.next(_HEARTBEAT_S)
                except EOFError:
                    return
                if text is None:
                    yield b": still here\n\n"
                else:
                    yield b"event: text\ndata: " + encode(_view(text)) + b"\n\n"


def _number(given: str) -> str:
    """Also the one of WeChat's document, which is nobody's."""
    plain = given.strip().removeprefix("+86")
    return EXAMPLE_NUMBER if plain == phone.national(EXAMPLE_NUMBER) else phone.canonical(given)


def _wait(request: Request) -> int:
    given = request.parameter("wait") or "0"
    if not _SECONDS.fullmatch(given) or int(given) > _LONGEST_WAIT_S:
        raise BadRequest("invalid_request", f"`wait` is 0-{_LONGEST_WAIT_S} seconds.")
    return int(given)


def _view(text: HandsetText) -> SandboxMessage:
    return SandboxMessage(
        id=written(text.id),
        phone=phone.national(text.phone),
        text=text.text,
        signature=signature_of(text),
        code=code_of(text),
        accepted_at=rfc3339(text.at),
    )
