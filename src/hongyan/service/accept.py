"""Accept: texts that an app sends itself, by template or free, to one number or to many."""

from collections.abc import Sequence
from typing import Final

import msgspec

from hongyan.core import phone, template, text
from hongyan.core.command import Declined, Idempotency, Queued, Send, Sent
from hongyan.core.errors import (
    HongyanError,
    Invalid,
    NoRoute,
    UnknownSignature,
    UnknownTemplate,
)
from hongyan.core.message import LIFETIME, Kind, Message
from hongyan.core.time import Millis
from hongyan.service.directory import App, Directory, Template
from hongyan.service.ports import Clock, Sealer, Store

MOST_NUMBERS: Final = 1_000

PHONE: Final = b"phone"
"""The kind of mark that every number is known by."""


class Result(msgspec.Struct, frozen=True, gc=False):
    """What became of one number."""

    to: str
    """Canonical; as it was given where it is no number."""
    became: Queued | HongyanError


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A text to be sent. Either `template` with `params`, or `text` with `signature`."""

    to: Sequence[str]
    template: str = ""
    params: Sequence[str] = ()
    text: str = ""
    signature: str = ""


class _Text(msgspec.Struct, frozen=True):
    """A text as it leaves, with what it is charged at home and abroad."""

    kind: Kind
    template: int
    text: str
    domestic_units: int

    def units(self, number: str) -> int:
        if number.startswith("+86"):
            return self.domestic_units
        return text.segments(self.text, domestic=False)


class Acceptance:
    """Takes texts in. An answer means that the message is on disk."""

    def __init__(
        self, store: Store, sealer: Sealer, clock: Clock, providers: frozenset[str]
    ) -> None:
        """`providers`: those that are configured."""
        self._store = store
        self._sealer = sealer
        self._clock = clock
        self._providers = providers

    async def send(
        self, app: App, outgoing: Outgoing, idempotency: Idempotency | None = None
    ) -> list[Result]:
        """What became of each number, in order.

        Raises Invalid for a wrong text or template (of numbers it tells in their place), KeyReused,
        and NotAccepted when nothing could be taken.
        """
        directory = self._store.directory
        composed = _composed(directory, app, outgoing)
        require_route(directory, composed.kind, self._providers)
        now = self._clock()
        drafted = [self._drafted(app, number, composed, now) for number in outgoing.to]
        messages = [one for one in drafted if isinstance(one, Message)]
        if not messages:
            return [one for one in drafted if isinstance(one, Result)]
        answer = await self._store.accept(Send(tuple(messages), app.windows, idempotency))
        if isinstance(answer, HongyanError):
            raise answer
        assert isinstance(answer, Sent)  # noqa: S101 - the fold answers a Send so
        results = map(_result, messages, answer.messages)
        return [next(results) if isinstance(one, Message) else one for one in drafted]

    def _drafted(self, app: App, number: str, composed: _Text, now: Millis) -> Message | Result:
        try:
            to = phone.canonical(number, app.countries)
        except Invalid as error:
            return Result(number, error)
        return Message(
            id=self._store.next_id(),
            account=app.account.id,
            app=app.id,
            kind=composed.kind,
            template=composed.template,
            phone=to,
            phone_mark=self._sealer.mark(PHONE, to.encode()),
            text=composed.text,
            units=composed.units(to),
            expires_at=now + LIFETIME[composed.kind],
        )


def require_route(directory: Directory, kind: Kind, providers: frozenset[str]) -> None:
    """Raises NoRoute; also where nobody would ever take the message from its line."""
    route = directory.routes.get(kind, ())
    if not route:
        raise NoRoute(f"No provider is routed for {kind} messages.")
    if not providers.issuperset(route):
        raise NoRoute(f"{kind} messages are routed to a provider that is not configured.")


def filled(one: Template, values: Sequence[str], longest_code: int = 6) -> str:
    """The text of a template as it leaves. Raises InvalidParameters and InvalidText."""
    template.require_values(one.kind, values, one.body.count, longest_code)
    whole = f"【{one.signature}】{one.body.fill(values)}"
    text.require_showable(whole)
    return whole


def _composed(directory: Directory, app: App, outgoing: Outgoing) -> _Text:
    account = app.account.id
    if outgoing.template:
        one = directory.templates.get((account, outgoing.template))
        if one is None:
            raise UnknownTemplate
        whole = filled(one, outgoing.params)
        return _Text(one.kind, one.id, whole, text.segments(whole, domestic=True))
    if (account, outgoing.signature) not in directory.signatures:
        raise UnknownSignature
    whole = text.signed(outgoing.signature, outgoing.text)
    text.require_showable(outgoing.text)
    text.require_showable(whole)
    return _Text(Kind.NOTICE, 0, whole, text.segments(whole, domestic=True))


def _result(message: Message, one: Queued | Declined) -> Result:
    return Result(message.phone, one if isinstance(one, Queued) else one.error())
