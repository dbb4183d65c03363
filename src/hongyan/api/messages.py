"""/v1/messages: texts that an app sends itself, and what became of them."""

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

from hongyan.api.authenticate import Authentication
from hongyan.api.endpoint import Endpoint, answer, decoded, idempotency
from hongyan.api.problem import BadRequest, Problem, problem_of
from hongyan.core import phone
from hongyan.core.errors import HongyanError, NotFound
from hongyan.core.identifier import read, written
from hongyan.core.message import Kind, Status
from hongyan.core.time import rfc3339
from hongyan.service.accept import MEANINGLESS, MOST_NUMBERS, Acceptance, Outgoing, Result
from hongyan.service.ports import MessageRecord, Sealer, Store
from hongyan.wire.http import Request, Response

Number: TypeAlias = Annotated[
    str, Meta(max_length=64, description="A phone number, best in E.164.")
]


class SendMessage(msgspec.Struct, forbid_unknown_fields=True):
    """A text to one number, or to a list of them. Give `template` and `params`, or `text` and
    `signature`.
    """

    to: Number | Annotated[list[Number], Meta(min_length=1, max_length=MOST_NUMBERS)]
    template: Annotated[str, Meta(max_length=64)] = ""
    params: Annotated[list[Annotated[str, Meta(max_length=500)]], Meta(max_length=20)] = []
    text: Annotated[str, Meta(max_length=1_000)] = ""
    signature: Annotated[str, Meta(max_length=64)] = ""


class MessageAccepted(msgspec.Struct):
    """A message that is on disk."""

    id: str
    to: str
    status: Status
    segments: int


class NumberTold(msgspec.Struct, omit_defaults=True):
    """What became of one number of a list: a message, or the problem that kept it from one."""

    to: str
    id: str = ""
    status: Status | None = None
    segments: int = 0
    error: Problem | None = None


class MessagesAccepted(msgspec.Struct):
    """What became of each number of the list, in order."""

    messages: list[NumberTold]


class Event(msgspec.Struct, omit_defaults=True):
    """One step of a message's way."""

    at: str
    event: str
    attempt: int = 0
    provider: str = ""
    code: str = ""
    reason: str = ""


class MessageView(msgspec.Struct):
    """A message as its app may see it: number and text are masked."""

    id: str
    to: str
    kind: Kind
    text: str
    status: Status
    segments: int
    accepted_at: str
    expires_at: str
    timeline: list[Event]


_LAST_STEPS: Final = (Status.DELIVERED, Status.UNDELIVERED, Status.EXPIRED, Status.CLOSED)
_WARNINGS: Final = {
    MEANINGLESS: "The text says nothing (a greeting, digits alone): carriers may block it."
}
_decoder: Final = msgspec.json.Decoder(SendMessage)
_ACCEPTED: Final = b'{"id":"%b","to":"%b","status":"queued","segments":%d}'


class Messages:
    """Answers for texts."""

    def __init__(
        self,
        authentication: Authentication,
        acceptance: Acceptance,
        store: Store,
        sealer: Sealer,
    ) -> None:
        self._authentication = authentication
        self._acceptance = acceptance
        self._store = store
        self._sealer = sealer

    async def send(self, request: Request) -> Response:
        key = await self._authentication.secret_key(request)
        body: SendMessage = decoded(request, _decoder)
        if bool(body.template) == bool(body.text or body.signature):
            raise BadRequest("invalid_request", "Give a template, or a text with a signature.")
        many = isinstance(body.to, list)
        outgoing = Outgoing(
            to=body.to if isinstance(body.to, list) else (body.to,),
            template=body.template,
            params=body.params,
            text=body.text,
            signature=body.signature,
        )
        results = await self._acceptance.send(
            key.app, outgoing, idempotency(request, key.app, self._sealer)
        )
        if many:
            return answer(MessagesAccepted([_of_list(one) for one in results]))
        return _of_one(results[0])

    async def show(self, request: Request) -> Response:
        key = await self._authentication.secret_key(request)
        record = await self._store.message(key.app.id, read(request.variable))
        if record is None:
            raise NotFound
        return answer(_view(record))

    def endpoints(self) -> list[Endpoint]:
        return [
            Endpoint(
                method="POST",
                path="/v1/messages",
                handle=self.send,
                name="sendMessage",
                summary="Send a text by template, or a free text under a signature",
                tag="Messages",
                needs="secret",
                takes=SendMessage,
                gives={201: MessageAccepted, 200: MessagesAccepted},
                problems=(
                    "invalid_number",
                    "country_closed",
                    "invalid_text",
                    "text_too_long",
                    "meaningless_text",
                    "free_text_closed",
                    "invalid_parameters",
                    "unknown_template",
                    "unknown_signature",
                    "too_soon",
                    "opted_out",
                    "no_balance",
                    "no_route",
                ),
                idempotent=True,
            ),
            Endpoint(
                method="GET",
                path="/v1/messages/{id}",
                handle=self.show,
                name="showMessage",
                summary="A message's state and timeline",
                tag="Messages",
                needs="secret",
                gives={200: MessageView},
                problems=("not_found",),
            ),
        ]


def _of_one(result: Result) -> Response:
    """Written out by hand: it is the answer that this house gives most often."""
    if isinstance(result.became, HongyanError):
        raise result.became
    queued = result.became
    body = _ACCEPTED % (written(queued.id).encode(), result.to.encode(), queued.units)
    return Response(201, body)


def _of_list(result: Result) -> NumberTold:
    if isinstance(result.became, HongyanError):
        return NumberTold(result.to, error=problem_of(result.became))
    queued = result.became
    return NumberTold(result.to, written(queued.id), Status.QUEUED, queued.units)


def _view(record: MessageRecord) -> MessageView:
    return MessageView(
        id=written(record.id),
        to=phone.masked(record.phone),
        kind=record.kind,
        text=record.text,
        status=record.status,
        segments=record.units,
        accepted_at=rfc3339(record.accepted_at),
        expires_at=rfc3339(record.expires_at),
        timeline=_timeline(record),
    )


def _timeline(record: MessageRecord) -> list[Event]:
    steps = [(record.accepted_at, Event("", "accepted"))]
    for one in record.attempts:
        begun = Event("", "sending", attempt=one.number, provider=one.provider)
        ended = Event("", one.outcome, one.number, one.provider, one.code, one.reason)
        # An outcome "accepted" is the provider's; the message's own is its first step.
        ended.event = "submitted" if one.outcome == "accepted" else one.outcome
        steps += [(one.started_at, begun), (one.ended_at, ended)]
    if record.warning:
        steps.append((record.accepted_at, Event("", "warned", reason=_WARNINGS[record.warning])))
    if record.report_failure:
        reason = record.report_failure
        steps.append((record.settled_at, Event("", "report_given_up", reason=reason)))
    if record.clicks:
        times = "once" if record.clicks == 1 else f"{record.clicks} times"
        steps.append((record.clicked_at, Event("", "opened", reason=f"So far {times}.")))
    if record.converted_at:
        steps.append((record.converted_at, Event("", "converted")))
    if record.status in _LAST_STEPS:
        steps.append((record.settled_at, Event("", record.status, code=record.receipt_code)))
    steps.sort(key=lambda step: step[0])
    for at, event in steps:
        event.at = rfc3339(at)
    return [event for _, event in steps]
