"""Verify: phone → code → proof. The rules are the core's; here codes and texts are made."""

import re
from collections.abc import Callable
from typing import Final

import msgspec

from hongyan.core import phone, text
from hongyan.core.address import network
from hongyan.core.command import (
    Answer,
    Approved,
    Check,
    Command,
    Idempotency,
    Resend,
    Start,
    Started,
)
from hongyan.core.errors import (
    CodeRefused,
    HongyanError,
    InvalidCode,
    InvalidNumber,
    InvalidPurpose,
    KeyNotAllowed,
    NotFound,
    StoreUnavailable,
    UnknownTemplate,
)
from hongyan.core.identifier import (
    RANDOM_BYTES,
    MemberId,
    VerificationId,
    read_uuid,
    verification_id,
)
from hongyan.core.mark import NOBODY, Mark
from hongyan.core.message import Message
from hongyan.core.verification import Caller, Rules, current_of
from hongyan.service.accept import PHONE, filled, require_route, signature_of
from hongyan.service.directory import App, Template
from hongyan.service.ports import Chance, Clock, Sealer, StepUp, Store

_PURPOSE: Final = re.compile(r"[a-z][a-z0-9_]{0,31}", re.ASCII)
_PROOF_BYTES: Final = 16


class Client(msgspec.Struct, frozen=True):
    """The person's side, as far as the face believes it (the head of the policy)."""

    ip: str = ""
    openid: str = ""
    device: str = ""
    by_address: bool = False
    """Known by its address alone: the device is only its own word; see `Caller`."""
    purposes: frozenset[str] | None = None
    """What the client's key may verify for; None for anything."""

    def is_for(self, purpose: str) -> bool:
        return self.purposes is None or purpose in self.purposes


class Verification:
    """Starts, resends and checks."""

    def __init__(  # noqa: PLR0913 - what it is made of
        self,
        store: Store,
        sealer: Sealer,
        rules: Rules,
        *,
        clock: Clock,
        chance: Chance,
        providers: frozenset[str],
        step_up: StepUp | None = None,
        approved: Callable[[VerificationId], None] | None = None,
    ) -> None:
        """`providers`: those that are configured. `approved`: told of each code that was right."""
        self._store = store
        self._sealer = sealer
        self._rules = rules
        self._clock = clock
        self._chance = chance
        self._providers = providers
        self._step_up = step_up
        self._approved = approved

    async def start(
        self,
        app: App,
        number: str,
        purpose: str,
        client: Client,
        *,
        ticket: str = "",
        idempotency: Idempotency | None = None,
    ) -> Started:
        """Send a code to a number.

        Raises Invalid, KeyNotAllowed, Limited, StepUpRequired, KeyReused and NotAccepted.
        """
        if not _PURPOSE.fullmatch(purpose):
            raise InvalidPurpose("A purpose is a-z, then a-z, 0-9 and _, at most 32 characters.")
        if not client.is_for(purpose):
            raise KeyNotAllowed("This publishable key is not for that purpose.")
        to = self._canonical(app, number)
        verification = verification_id(self._clock(), self._chance(RANDOM_BYTES))
        code = self._new_code()
        message = self._message(app, to, code, verification)
        command = Start(
            verification=verification,
            purpose=purpose,
            caller=self.caller(client),
            stepped_up=await self._stepped_up(ticket, client, to, purpose),
            code=self._sealer.code(verification, app.id, message.phone_mark, purpose, code),
            message=message,
            idempotency=idempotency,
            caps=app.caps_of(to),
        )
        return await self._started(command)

    async def resend(
        self,
        app: App,
        written: str,
        client: Client,
        *,
        ticket: str = "",
        idempotency: Idempotency | None = None,
    ) -> Started:
        """Send another code. Raises as `start` does, and CodeRefused and NoSendsLeft."""
        verification = _read(written)
        found = await self._store.verification(verification) if verification else None
        if found is None or found.app != app.id or not client.is_for(found.purpose):
            raise CodeRefused
        if app.caps.never:
            self._canonical(app, found.phone)
        code = self._new_code()
        message = self._message(app, found.phone, code, found.id)
        command = Resend(
            verification=found.id,
            caller=self.caller(client),
            stepped_up=await self._stepped_up(ticket, client, found.phone, found.purpose),
            code=self._sealer.code(found.id, app.id, found.phone_mark, found.purpose, code),
            message=message,
            idempotency=idempotency,
            caps=app.caps_of(found.phone),
        )
        return await self._started(command)

    async def check(
        self,
        app: App,
        written: str,
        code: str,
        client: Client,
        *,
        member: MemberId | None = None,
        idempotency: Idempotency | None = None,
    ) -> Approved:
        """Check a code; with `member`, register the phone under that id.

        Raises InvalidCode (not the form of a code) and CodeRefused (anything else at all).
        """
        return await self.check_id(
            app, _read(written), code, client, member=member, idempotency=idempotency
        )

    async def check_id(
        self,
        app: App,
        verification: VerificationId | None,
        code: str,
        client: Client,
        *,
        member: MemberId | None = None,
        idempotency: Idempotency | None = None,
    ) -> Approved:
        """As `check`, for a verification whose id is at hand."""
        length = self._rules.policy.code_length
        if len(code) != length or not (code.isascii() and code.isdigit()):
            raise InvalidCode(f"A code is {length} digits, without spaces.")
        command = Check(
            app=app.id,
            verification=verification,
            caller=self.caller(client),
            code=code,
            proof=self._chance(_PROOF_BYTES),
            purposes=client.purposes,
            member=member,
            idempotency=idempotency,
        )
        answer = await self._answer(command)
        assert isinstance(answer, Approved)  # noqa: S101 - the fold answers a Check so
        if self._approved is not None and verification is not None:
            self._approved(verification)
        return answer

    async def current(self, app: App, number: str, purpose: str) -> VerificationId | None:
        """The newest verification of a number, for callers that were never told its id."""
        mark = self._sealer.mark(PHONE, phone.canonical(number, app.countries).encode())
        return await self._store.current(current_of(app.id, mark, purpose))

    def caller(self, client: Client) -> Caller:
        """The marks of a client.

        Raises StoreUnavailable for one that is counted by its address and has none any more: its
        limits cannot be looked at, and a nameless caller would have fewer.
        """
        if client.by_address and not client.ip:
            raise StoreUnavailable("The connection ended before its address could be read.")
        return Caller(
            self._mark(b"openid", client.openid),
            self._mark(b"device", client.device),
            self._mark(b"ip", network(client.ip)) if client.ip else NOBODY,
            client.by_address,
        )

    def _canonical(self, app: App, number: str) -> str:
        to = phone.canonical(number, app.open_countries)
        if self._rules.policy.virtual_numbers == "refuse" and phone.is_virtual(to):
            raise InvalidNumber("virtual", "Numbers of virtual operators are not taken here.")
        return to

    def _message(self, app: App, to: str, code: str, verification: VerificationId) -> Message:
        one = self._template(app)
        values = self._values(one, code)
        signature = signature_of(self._store.directory, app, one)
        whole = filled(one, signature, values, self._rules.policy.code_length)
        return Message(
            id=self._store.next_id(),
            account=app.account.id,
            app=app.id,
            kind=one.kind,
            template=one.id,
            phone=to,
            phone_mark=self._sealer.mark(PHONE, to.encode()),
            text=whole,
            units=text.segments(whole, domestic=to.startswith("+86")),
            expires_at=self._clock() + self._rules.code_lifetime,
            verification=verification,
            params=values,
        )

    def _template(self, app: App) -> Template:
        directory = self._store.directory
        one = directory.templates.get((app.account.id, app.template))
        if one is None:
            raise UnknownTemplate("This app has no verification template.")
        require_route(directory, one.kind, self._providers)
        return one

    def _values(self, one: Template, code: str) -> tuple[str, ...]:
        """The code first, then, where the template has a place for it, whole minutes (row 3)."""
        return (code, str(self._rules.policy.minutes))[: one.body.count]

    def _new_code(self) -> str:
        """Uniform digits, leading zeros kept (row 1)."""
        length = self._rules.policy.code_length
        return f"{_uniform(self._chance, 10**length):0{length}d}"

    def _mark(self, kind: bytes, value: str) -> Mark:
        return self._sealer.mark(kind, value.encode("utf-8", "replace")) if value else NOBODY

    async def _stepped_up(self, ticket: str, client: Client, to: str, purpose: str) -> bool:
        if self._step_up is None or not ticket:
            return False
        return await self._step_up.passed(ticket, client.openid, to, purpose)

    async def _started(self, command: Start | Resend) -> Started:
        answer = await self._answer(command)
        assert isinstance(answer, Started)  # noqa: S101 - the fold answers these so
        return answer

    async def _answer(self, command: Command) -> Answer:
        answer = await self._store.accept(command)
        if isinstance(answer, HongyanError):
            raise answer
        return answer


def _uniform(chance: Chance, below: int) -> int:
    """A whole number in [0, below), every one as likely: what would favour some is thrown away."""
    while True:
        drawn = int.from_bytes(chance(8))
        if drawn < (1 << 64) - (1 << 64) % below:
            return drawn % below


def _read(written: str) -> VerificationId | None:
    try:
        return read_uuid(written)
    except NotFound:
        return None
