"""Accept: texts that an app sends itself, by template or free, to one number or to many."""

from collections.abc import Sequence
from typing import Final

import msgspec

from hongyan.core import link as links
from hongyan.core import phone, template, text
from hongyan.core.command import Declined, Idempotency, Link, Queued, Send, Sent
from hongyan.core.daily import Cap
from hongyan.core.errors import (
    FreeTextClosed,
    HongyanError,
    Invalid,
    KeyReused,
    MeaninglessText,
    NoRoute,
    UnknownSignature,
    UnknownTemplate,
)
from hongyan.core.mark import NOBODY, Mark
from hongyan.core.message import LIFETIME, Kind, Message
from hongyan.core.time import Millis
from hongyan.service.directory import App, Directory, Review, Template
from hongyan.service.ports import Clock, Sealer, Store

MOST_NUMBERS: Final = 1_000

PHONE: Final = b"phone"
"""The kind of mark that every number is known by."""

MEANINGLESS: Final = "meaningless"
"""The warning about a text that a carrier may block for saying nothing."""

_REFERENCE: Final = b"reference"
_CLIENT: Final = b"client"
_CONTENT: Final = b"content"
_ONCE: Final = b"once"


class Result(msgspec.Struct, frozen=True, gc=False):
    """What became of one number."""

    to: str
    """Canonical; as it was given where it is no number."""
    became: Queued | HongyanError


class Custom(msgspec.Struct, frozen=True):
    """What a protocol allows in a text, where that is not what we do."""

    longest: int = text.LONGEST
    """Characters of a free text."""
    plain_values: bool = False
    """Whether values of verification templates may be other than digits."""
    reads_kind: bool = False
    """Whether a free text that names a code is a verification text; else each is a notice."""


OURS: Final = Custom()


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A text to be sent. Either `template` with `params`, or `text` with `signature`."""

    to: Sequence[str]
    template: str | int = ""
    """By name, or by id."""
    params: Sequence[str] = ()
    text: str = ""
    signature: str = ""
    custom: Custom = OURS
    reference: str = ""
    """The app's own id for it, by which it asks and is told."""
    client: str = ""
    """Who of the app's users caused it, in whatever way the app tells them apart."""
    door: Mark = NOBODY
    """See `command.Send`."""


class PageLink(msgspec.Struct, frozen=True, gc=False):
    """A short link that its protocol has written into a text, and the page that it opens."""

    id: int
    """See `command.Link`."""
    environment: str
    page: str


class Addressed(msgspec.Struct, frozen=True, kw_only=True):
    """A text to one number, composed by the protocol that it came by."""

    to: str
    """Canonical."""
    kind: Kind
    text: str
    """As it leaves, 【signature】 included."""
    units: int
    template: int = 0
    params: tuple[str, ...] = ()
    reference: str = ""
    """Told with its end. Nothing is found by it, and several may have the same, but for `once`."""
    once: bool = False
    """Whether a second text under this reference is refused (for a day, as one of any reference)."""
    links: tuple[PageLink, ...] = ()
    content: str = ""
    """What the same text is known by, where `text` differs each time: it holds a link."""


class _Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text as it leaves, with what it is charged at home and abroad."""

    kind: Kind
    text: str
    domestic_units: int
    template: int = 0
    params: tuple[str, ...] = ()
    warning: str = ""

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

        Raises Invalid for a wrong text or template (of numbers it tells in their place), WrongSecret
        while its door is shut, KeyReused, and NotAccepted when nothing could be taken.
        """
        directory = self._store.directory
        composed = _composed(directory, app, outgoing)
        require_route(directory, composed.kind, self._providers)
        now = self._clock()
        reference = self._reference(app, outgoing.reference)
        drafted = [self._drafted(app, number, composed, now, reference) for number in outgoing.to]
        messages = [one for one in drafted if isinstance(one, Message)]
        if not messages:
            return [one for one in drafted if isinstance(one, Result)]
        send = Send(
            tuple(messages),
            app.windows,
            idempotency,
            self._client(app, outgoing.client),
            app.client_windows,
            outgoing.door,
            caps=_caps(app, messages),
        )
        answer = await self._store.accept(send)
        if isinstance(answer, HongyanError):
            raise answer
        assert isinstance(answer, Sent)  # noqa: S101 - the fold answers a Send so
        if len(messages) == len(drafted):
            return list(map(_result, messages, answer.messages))
        results = map(_result, messages, answer.messages)
        return [next(results) if isinstance(one, Message) else one for one in drafted]

    async def take(  # noqa: PLR0913 - what the protocols tell of a call
        self,
        app: App,
        texts: Sequence[Addressed],
        *,
        idempotency: Idempotency | None = None,
        refused: int = 0,
        tallied: bool = False,
        reports: bool = False,
        keeps_refusals: bool = False,
    ) -> list[Queued | HongyanError]:
        """What became of each, in order. `refused`: numbers of the same call that became no text; with
        no texts at all they are only counted, where that is asked for. `reports`: whether the app is
        told of their ends, or comes for them.

        Raises KeyReused (also where the first call under its key had other texts) and NotAccepted.
        """
        if not texts and not (tallied and refused) and not (keeps_refusals and idempotency):
            return []
        directory, now = self._store.directory, self._clock()
        for kind in {one.kind for one in texts}:
            require_route(directory, kind, self._providers)
        messages = tuple([self._addressed(app, one, now, reports=reports) for one in texts])
        send = Send(
            messages,
            app.windows,
            idempotency,
            contents=self._contents(app, texts) if app.content_windows else (),
            content_windows=app.content_windows,
            links=_links(messages, texts, now),
            tallied=tallied,
            refused=refused,
            app=app.id,
            keeps_refusals=keeps_refusals,
            caps=_caps(app, messages),
        )
        answer = await self._store.accept(send)
        if isinstance(answer, HongyanError):
            raise answer
        assert isinstance(answer, Sent)  # noqa: S101 - the fold answers a Send so
        if len(answer.messages) != len(texts):
            raise KeyReused
        return [one if isinstance(one, Queued) else one.error() for one in answer.messages]

    def _addressed(self, app: App, one: Addressed, now: Millis, *, reports: bool) -> Message:
        return Message(
            id=self._store.next_id(),
            account=app.account.id,
            app=app.id,
            kind=one.kind,
            template=one.template,
            phone=one.to,
            phone_mark=self._sealer.mark(PHONE, one.to.encode()),
            text=one.text,
            units=one.units,
            expires_at=now + LIFETIME[one.kind],
            params=one.params,
            reference=one.reference,
            reference_mark=once_mark(self._sealer, app, one.reference) if one.once else NOBODY,
            reports=reports,
        )

    def _contents(self, app: App, texts: Sequence[Addressed]) -> tuple[Mark, ...]:
        mark = self._sealer.mark
        return tuple(
            [
                mark(_CONTENT, f"{app.id} {one.to} {one.content or one.text}".encode())
                for one in texts
            ]
        )

    def require_template(self, app: App, template: str | int) -> None:
        """Raises UnknownTemplate, before anything else of a text is looked at."""
        _template(self._store.directory, app, template)

    def _reference(self, app: App, reference: str) -> tuple[str, Mark]:
        return reference, reference_mark(self._sealer, app, reference) if reference else NOBODY

    def _client(self, app: App, client: str) -> Mark:
        if not (client and app.client_windows):
            return NOBODY
        return self._sealer.mark(_CLIENT, f"{app.id} {client}".encode())

    def _drafted(
        self, app: App, number: str, composed: _Text, now: Millis, reference: tuple[str, Mark]
    ) -> Message | Result:
        try:
            to = phone.canonical(number, app.open_countries)
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
            params=composed.params,
            reference=reference[0],
            reference_mark=reference[1],
            reports=bool(reference[0]) and app.callback is not None,
            warning=composed.warning,
        )


def require_route(directory: Directory, kind: Kind, providers: frozenset[str]) -> None:
    """Raises NoRoute; also where nobody would ever take the message from its line."""
    route = directory.routes.get(kind, ())
    if not route:
        raise NoRoute(f"No provider is routed for {kind} messages.")
    if not providers.issuperset(route):
        raise NoRoute(f"{kind} messages are routed to a provider that is not configured.")


def reference_mark(sealer: Sealer, app: App, reference: str) -> Mark:
    """The mark that an app's own id for a message is found by."""
    return sealer.mark(_REFERENCE, f"{app.id} {reference}".encode())


def signature_of(directory: Directory, app: App, one: Template) -> str:
    """What a template's text leaves under: its own signature, or else the app's.

    Raises UnknownSignature, also where it has been withdrawn since.
    """
    signature = one.signature or app.signature
    if (app.account.id, signature) not in directory.signatures:
        raise UnknownSignature
    return signature


def once_mark(sealer: Sealer, app: App, reference: str) -> Mark:
    """The mark that a text is found by of which there is one only (`Addressed.once`)."""
    return sealer.mark(_ONCE, f"{app.id} {reference}".encode())


def filled(
    one: Template,
    signature: str,
    values: Sequence[str],
    longest_code: int = 6,
    custom: Custom = OURS,
) -> str:
    """The text of a template as it leaves. Raises InvalidParameters and InvalidText."""
    kind = Kind.NOTICE if custom.plain_values else one.kind
    template.require_values(kind, values, one.body.count, longest_code)
    template.require_no_link(one.kind, one.body, values)
    # A value must bring no signature of its own, either.
    whole = text.signed(signature, one.body.fill(values))
    text.require_showable(whole, custom.longest)
    return whole


def _composed(directory: Directory, app: App, outgoing: Outgoing) -> _Text:
    if outgoing.template != "":
        return _of_template(directory, app, outgoing)
    return _of_words(directory, app, outgoing)


def _template(directory: Directory, app: App, named: str | int) -> Template:
    account = app.account.id
    if isinstance(named, int):
        one = directory.template_ids.get(named)
    else:
        one = directory.templates.get((account, named))
    if one is None or one.account != account or one.review is not Review.APPROVED:
        raise UnknownTemplate
    return one


def _of_template(directory: Directory, app: App, outgoing: Outgoing) -> _Text:
    one = _template(directory, app, outgoing.template)
    signature = signature_of(directory, app, one)
    whole = filled(one, signature, outgoing.params, custom=outgoing.custom)
    return _Text(
        kind=one.kind,
        text=whole,
        domestic_units=text.segments(whole, domestic=True),
        template=one.id,
        params=tuple(outgoing.params),
    )


def _of_words(directory: Directory, app: App, outgoing: Outgoing) -> _Text:
    if not app.free_text:
        raise FreeTextClosed
    signature = outgoing.signature or app.signature
    if (app.account.id, signature) not in directory.signatures:
        raise UnknownSignature
    words = outgoing.text
    whole = text.signed(signature, words)
    text.require_showable(words, outgoing.custom.longest)
    if outgoing.custom is OURS:
        text.require_showable(whole)
    meaningless = text.is_meaningless(words)
    if meaningless and app.refuses_meaningless:
        raise MeaninglessText
    is_code = outgoing.custom.reads_kind and text.names_a_code(words)
    return _Text(
        kind=Kind.VERIFICATION if is_code else Kind.NOTICE,
        text=whole,
        domestic_units=text.segments(whole, domestic=True),
        warning=MEANINGLESS if meaningless else "",
    )


def _result(message: Message, one: Queued | Declined) -> Result:
    return Result(message.phone, one if isinstance(one, Queued) else one.error())


def _caps(app: App, messages: Sequence[Message]) -> tuple[tuple[Cap, ...], ...]:
    return tuple([app.caps_of(one.phone) for one in messages]) if app.caps.counts else ()


def _links(
    messages: Sequence[Message], texts: Sequence[Addressed], now: Millis
) -> tuple[Link, ...]:
    until = now + links.LIFETIME
    return tuple(
        [
            Link(link.id, message.id, link.environment, link.page, until)
            for message, text in zip(messages, texts, strict=True)
            for link in text.links
        ]
    )
