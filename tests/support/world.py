"""A furnished store with a clock that the test holds, and short words for what apps ask of it."""

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from hongyan.core.command import (
    Answer,
    Approved,
    Check,
    Consume,
    Idempotency,
    Queued,
    Resend,
    Send,
    Sent,
    Start,
    Started,
)
from hongyan.core.errors import HongyanError
from hongyan.core.identifier import MemberId, MessageId, VerificationId, verification_id
from hongyan.core.limit import Window
from hongyan.core.mark import NOBODY, Mark
from hongyan.core.message import LIFETIME, Kind, Message, Status
from hongyan.core.outcome import Outcome
from hongyan.core.policy import Policy
from hongyan.core.time import SECOND, Millis
from hongyan.core.verification import Caller, Rules
from hongyan.service.ports import Administration, Begun, Claimed, MessageRecord, Sealer, Store
from hongyan.service.settle import Attempted, Patience, settlement
from hongyan.store.opening import KEY_FILE, StoreSettings
from hongyan.store.postgres import Address, PostgresStore
from hongyan.store.postgres import administration as postgres_administration
from hongyan.store.seal import KeyRing, Seal
from hongyan.store.sqlite import SqliteStore, administration, seal_of
from support import postgres

NOON = 1_795_233_600_000
"""2026-11-21T12:00:00 in Shanghai: far from midnight on either side."""

LEASE = 30 * SECOND
TEXT = "【鸿雁】您的验证码为：384592，请于5分钟内填写。"


class Moment:
    """A clock that moves when it is told to."""

    def __init__(self, now: Millis = NOON) -> None:
        self.now = now

    def __call__(self) -> Millis:
        return self.now

    def pass_by(self, span: Millis) -> None:
        self.now += span


class OpenStore(Protocol):
    """A store of one kind, opened on a directory."""

    def __call__(
        self, directory: Path, clock: Moment, rules: Rules, bound: int
    ) -> Awaitable[tuple[Any, Sealer, Administration]]: ...


async def open_sqlite(
    directory: Path, clock: Moment, rules: Rules, bound: int
) -> tuple[SqliteStore, Sealer, Administration]:
    seal = seal_of(directory, clock, create=True)
    administering = administration(directory, seal, clock)
    settings = StoreSettings(window_entries=bound)
    store = SqliteStore(directory, seal, rules, settings, clock, _fail)
    await store.start()
    return store, seal, administering


async def open_postgres(
    directory: Path, clock: Moment, rules: Rules, bound: int
) -> tuple[PostgresStore, Sealer, Administration]:
    """A database for each directory, until `forget`."""
    address, key = Address(postgres.database_of(directory)), directory / KEY_FILE
    ring = KeyRing.load(key) if key.exists() else KeyRing.create(key, clock())
    seal = Seal(ring, clock)
    administering = postgres_administration(address, seal, clock)
    store = PostgresStore(address, seal, rules, clock)
    await store.start()
    return store, seal, administering


STORES: dict[str, OpenStore] = {"sqlite": open_sqlite, "postgres": open_postgres}
"""Every store there is: the contract suite runs over all of them."""


def _fail(error: BaseException) -> None:
    raise AssertionError("the store ended") from error


@dataclass
class World:
    """One account, one app, one open store."""

    directory: Path
    open_store: OpenStore
    rules: Rules = field(default_factory=lambda: Rules(Policy()))
    clock: Moment = field(default_factory=Moment)
    bound: int = 100_000
    packages: int = 1_000
    windows: tuple[Window, ...] = ()
    store: Store = field(init=False)
    sealer: Sealer = field(init=False)
    administering: Administration = field(init=False)
    account: int = 1
    app: int = 1
    other_app: int = 2

    async def open(self) -> "World":
        await self._open()
        account = self.administering.create_account("Test", "enterprise")
        self.administering.create_app(account, "app_test", "Test")
        self.administering.create_app(account, "app_other", "Other")
        if self.packages:
            self.administering.add_package(account, self.packages, "test")
        await self.store.refresh()
        return self

    async def close(self) -> None:
        await self._close()
        postgres.forget(self.directory)

    async def restart(self) -> None:
        """The process ends, and another one opens the same store."""
        await self._close()
        await self._open()

    async def lost(self) -> None:
        """The process ends in the middle of something, another one opens the same store, and what the
        first one held is free: at once where no third can have it, else when its leases have ended.
        """
        await self.restart()
        self.clock.pass_by(LEASE)
        await self.sweep()

    def desk(self) -> Administration:
        """One of its own, as a thread has it."""
        assert isinstance(self.sealer, Seal)
        if self.open_store is open_postgres:
            address = Address(postgres.database_of(self.directory))
            return postgres_administration(address, self.sealer, self.clock)
        return administration(self.directory, self.sealer, self.clock)

    @property
    def raw(self) -> Any:
        """The store with what its kind has beyond the port."""
        return self.store

    # What apps ask.

    def message(
        self,
        number: str = "+8613800138000",
        *,
        kind: Kind = Kind.NOTICE,
        units: int = 1,
        text: str = TEXT,
        lifetime: Millis = 0,
        app: int = 0,
        verification: VerificationId | None = None,
    ) -> Message:
        return Message(
            id=self.store.next_id(),
            account=self.account,
            app=app or self.app,
            kind=kind,
            template=0,
            phone=number,
            phone_mark=self.mark(number),
            text=text,
            units=units,
            expires_at=self.clock() + (lifetime or LIFETIME[kind]),
            verification=verification,
        )

    def mark(self, value: str, kind: bytes = b"phone") -> Mark:
        return self.sealer.mark(kind, value.encode())

    def caller(self, openid: str = "", ip: str = "", device: str = "") -> Caller:
        return Caller(
            self.mark(openid, b"openid") if openid else NOBODY,
            self.mark(device, b"device") if device else NOBODY,
            self.mark(ip, b"ip") if ip else NOBODY,
        )

    def idempotency(self, key: str, request: str = "the request") -> Idempotency:
        return Idempotency(self.mark(key, b"idempotency"), self.mark(request, b"request"))

    async def accept(self, command: Any) -> Answer | HongyanError:
        return await self.store.accept(command)

    async def send(self, *messages: Message, key: Idempotency | None = None) -> Sent | HongyanError:
        answer = await self.accept(Send(messages or (self.message(),), self.windows, key))
        assert isinstance(answer, Sent | HongyanError)
        return answer

    async def sent(self, number: str = "+8613800138000", **words: Any) -> Message:
        """A message that was accepted."""
        message = self.message(number, **words)
        answer = await self.send(message)
        assert isinstance(answer, Sent)
        assert isinstance(answer.messages[0], Queued), answer
        return message

    def start_command(
        self,
        number: str = "+8613800138000",
        *,
        code: str = "384592",
        purpose: str = "register",
        caller: Caller | None = None,
        stepped_up: bool = False,
        app: int = 0,
        key: Idempotency | None = None,
    ) -> Start:
        app = app or self.app
        verification = verification_id(self.clock(), os.urandom(10))
        message = self.message(
            number,
            kind=Kind.VERIFICATION,
            lifetime=self.rules.code_lifetime,
            app=app,
            verification=verification,
        )
        return Start(
            verification=verification,
            purpose=purpose,
            caller=caller or Caller(),
            stepped_up=stepped_up,
            code=self.sealer.code(verification, app, self.mark(number), purpose, code),
            message=message,
            idempotency=key,
        )

    async def start(self, number: str = "+8613800138000", **words: Any) -> Started | HongyanError:
        answer = await self.accept(self.start_command(number, **words))
        assert isinstance(answer, Started | HongyanError)
        return answer

    async def started(self, number: str = "+8613800138000", **words: Any) -> VerificationId:
        answer = await self.start(number, **words)
        assert isinstance(answer, Started), answer
        return answer.verification

    async def resend(
        self,
        verification: VerificationId,
        *,
        code: str = "117733",
        caller: Caller | None = None,
        stepped_up: bool = False,
    ) -> Started | HongyanError:
        found = await self.store.verification(verification)
        assert found is not None
        command = Resend(
            verification=verification,
            caller=caller or Caller(),
            stepped_up=stepped_up,
            code=self.sealer.code(verification, found.app, found.phone_mark, found.purpose, code),
            message=self.message(
                found.phone,
                kind=Kind.VERIFICATION,
                lifetime=self.rules.code_lifetime,
                app=found.app,
                verification=verification,
            ),
        )
        answer = await self.accept(command)
        assert isinstance(answer, Started | HongyanError)
        return answer

    def check_command(
        self,
        verification: VerificationId | None,
        code: str = "384592",
        *,
        caller: Caller | None = None,
        app: int = 0,
        member: MemberId | None = None,
        key: Idempotency | None = None,
    ) -> Check:
        return Check(
            app=app or self.app,
            verification=verification,
            caller=caller or Caller(),
            code=code,
            proof=os.urandom(16),
            member=member,
            idempotency=key,
        )

    async def check(
        self, verification: VerificationId | None, code: str = "384592", **words: Any
    ) -> Approved | HongyanError:
        answer = await self.accept(self.check_command(verification, code, **words))
        assert isinstance(answer, Approved | HongyanError)
        return answer

    async def consume(self, approved: Approved, app: int = 0) -> Answer | HongyanError:
        return await self.accept(Consume(app or self.app, approved.verification, approved.proof))

    # What a dispatcher does.

    async def claim(self, most: int = 100, *kinds: Kind) -> list[Claimed]:
        return await self.store.claim(dict.fromkeys(kinds or tuple(Kind), most), LEASE)

    async def begin(self, claimed: Sequence[Claimed]) -> set[MessageId]:
        attempts = [Begun(one.message.id, one.token, "sandbox") for one in claimed]
        return await self.store.begin(attempts, LEASE)

    async def unbegin(self, claimed: Sequence[Claimed]) -> None:
        attempts = [Begun(one.message.id, one.token, "sandbox") for one in claimed]
        await self.store.unbegin(attempts)

    async def begun(self, most: int = 100) -> list[Claimed]:
        """Claimed, and about to be sent."""
        claimed = await self.claim(most)
        assert await self.begin(claimed) == {one.message.id for one in claimed}
        return claimed

    async def settle(
        self, claimed: Claimed, outcome: Outcome, *, providers: int = 1, provider: str = "sandbox"
    ) -> set[MessageId]:
        attempted = Attempted(
            claimed=claimed,
            provider=provider,
            providers=providers,
            started_at=self.clock(),
            ended_at=self.clock(),
            outcome=outcome,
        )
        return await self.store.settle([settlement(attempted, Patience())])

    # What can be seen afterwards.

    async def record(self, message: Message | MessageId, app: int = 0) -> MessageRecord:
        wanted = message.id if isinstance(message, Message) else message
        found = await self.store.message(app or self.app, wanted)
        assert found is not None
        return found

    async def status(self, message: Message | MessageId, app: int = 0) -> Status:
        return (await self.record(message, app)).status

    async def balance(self) -> int:
        await self.store.refresh()
        return self.administering.balance(self.account)

    async def sweep(self) -> None:
        while await self.store.sweep():
            pass

    async def _close(self) -> None:
        await self.raw.close()
        self.administering.close()

    async def _open(self) -> None:
        opened = await self.open_store(self.directory, self.clock, self.rules, self.bound)
        self.store, self.sealer, self.administering = opened


Furnish = Callable[..., Awaitable[World]]
"""Opens a world; what is given differs from the default one."""
