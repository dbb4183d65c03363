"""PostgreSQL: the store of several processes on several machines; see `service.ports`."""

import asyncio
import os
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, TypeVar

from hongyan.core.command import Answer, Command, Reply
from hongyan.core.draft import Tally
from hongyan.core.errors import HongyanError
from hongyan.core.identifier import MessageId, VerificationId, made_at
from hongyan.core.ledger import Package
from hongyan.core.mark import Mark
from hongyan.core.message import Kind, Status
from hongyan.core.time import SECOND, Millis
from hongyan.core.verification import Rules, Verification
from hongyan.service.directory import NEVER, Directory
from hongyan.service.handing import Handed
from hongyan.service.ports import (
    Begun,
    Chance,
    Claimed,
    Clock,
    Inquiry,
    MessageRecord,
    Owed,
    Receipt,
    Reported,
    Settlement,
    Standing,
)
from hongyan.service.recording import Opened, Origin, OwedReply, RepliedTo, TextRecord
from hongyan.store.opening import require_clock
from hongyan.store.postgres import directory as directories
from hongyan.store.postgres import handing, recording, replies, schema
from hongyan.store.postgres.accepting import Accepting
from hongyan.store.postgres.administering import PostgresAdministration, administration
from hongyan.store.postgres.connections import Address, Connection, Connections, in_words, opened
from hongyan.store.postgres.line import WORK
from hongyan.store.postgres.listing import Listing
from hongyan.store.postgres.numbering import Numbering
from hongyan.store.postgres.outbox import Outbox
from hongyan.store.postgres.pending import Pending
from hongyan.store.postgres.texts import Texts, convert
from hongyan.store.postgres.unit import Transactions, Unit
from hongyan.store.postgres.upkeep import Upkeep
from hongyan.store.postgres.watching import Watch
from hongyan.store.postgres.writing import Writing
from hongyan.store.queries.postgres import SQL
from hongyan.store.seal import Seal

__all__ = ["Address", "PostgresAdministration", "PostgresStore", "administration"]

T = TypeVar("T")

_CONNECTIONS: Final = 10
"""Of a process, beside the one that listens: two accept, the others dispatch, settle, read."""
_COUNT_EVERY_S: Final = 5.0
_CLOSE_S: Final = 4.0
_WORTH_COUNTING: Final = 1_000_000


class PostgresStore:
    """See `service.ports.Store`, whose every method's promise is kept by the contract suite."""

    def __init__(
        self,
        address: Address,
        seal: Seal,
        rules: Rules,
        clock: Clock,
        *,
        connections: int = _CONNECTIONS,
        chance: Chance = os.urandom,
    ) -> None:
        """Call on the event loop that will use it; nothing is asked of the database until `start`."""
        self._address = address
        self._seal = seal
        self._rules = rules
        self._clock = clock
        self._most = connections
        self._chance = chance
        self._work = asyncio.Event()
        self._arrivals = self._seen = 0
        self._waiting = 0
        self._has_claimed = False
        self._count_at = 0.0

    async def start(self) -> None:
        """Find out what is there, then take work. Raises StoreUnusable."""
        self._numbering = Numbering(self._clock, uuid.UUID(bytes=self._chance(16)))
        connection = await opened(self._address, "hongyan start")
        try:
            with in_words(self._address):
                await self._require(connection)
                await self._numbering.lease(connection)
                now = self._clock()
                self._directory = await directories.read(connection, self._seal, now)
        finally:
            await connection.close()
        name = f"hongyan {self._numbering.number}"
        self._connections = Connections(self._address, name, self._most)
        self._transactions = Transactions(
            self._connections, self._clock, self._chance, self._notice
        )
        self._pending = Pending()
        self._outbox = Outbox(self._seal, self._pending, self._numbering.token)
        self._replies = replies.Replies(self._pending, self._seal)
        self._texts = Texts(self._seal)
        self._listing = Listing(self._transactions, self._seal)
        writing = Writing(self._outbox, self._pending, self._texts, self._seal)
        self._accepting = Accepting(self._transactions, writing, self._seal, self._rules)
        self._upkeep = Upkeep(self._pending, self._outbox, self._rules)
        self._watch = Watch(
            self._address,
            f"{name} watch",
            directories.CHANGED,
            (WORK,),
            self._notice,
            self._look,
        )
        self._watch.start()

    async def close(self) -> None:
        """Commit what waits, then let the database go. One that does not answer is left as it is:
        what was held there ends by its leases.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self._accepting.close()
                if self._has_claimed:
                    release = partial(self._outbox.release, writer=self._numbering.number)
                    with suppress(HongyanError):
                        await self._do(release)
                await self._transactions.close()
                await self._watch.close()
                with suppress(HongyanError):
                    await self._transactions.read(self._numbering.give_up)
                await self._connections.close()

    @property
    def directory(self) -> Directory:
        if self._directory.good_until != NEVER:
            self._directory = self._directory.at(self._clock())
        return self._directory

    async def refresh(self) -> Directory:
        await self._transactions.read(self._refreshed)
        return self.directory

    def next_id(self) -> MessageId:
        return self._numbering.next_id()

    def accept(self, command: Command) -> Awaitable[Answer | HongyanError]:
        return self._accepting.submit(command)

    async def claim(self, room: Mapping[Kind, int], lease: Millis) -> list[Claimed]:
        self._seen = self._arrivals
        self._has_claimed = True
        return await self._do(partial(self._outbox.claim, room=room, lease=lease))

    async def begin(self, attempts: Sequence[Begun], lease: Millis) -> set[MessageId]:
        return await self._do(partial(self._outbox.begin, attempts=attempts, lease=lease))

    async def unbegin(self, attempts: Sequence[Begun]) -> None:
        await self._do(partial(self._outbox.unbegin, attempts=attempts))

    async def settle(self, settlements: Sequence[Settlement]) -> set[MessageId]:
        return await self._do(partial(self._outbox.settle, settlements=settlements))

    async def receive(self, receipts: Sequence[Receipt]) -> None:
        await self._do(partial(self._outbox.receive, receipts=receipts))

    async def sweep(self) -> int:
        return await self._do(self._upkeep.sweep)

    async def work(self, kinds: Collection[Kind], patience: Millis) -> None:
        self._work.clear()
        if kinds and self._arrivals != self._seen:
            self._seen = self._arrivals
            return
        due_at = await self._next_due(kinds) if kinds else None
        wait = patience if due_at is None else min(patience, max(due_at - self._clock(), 0))
        # Not asyncio.wait_for: on Python 3.11 it can swallow a cancellation.
        with suppress(TimeoutError):
            async with asyncio.timeout(wait / SECOND):
                await self._work.wait()

    async def message(self, app: int, message: MessageId) -> MessageRecord | None:
        return await self._transactions.read(
            lambda c: recording.message(c, self._seal, self._directory, app, message)
        )

    async def handed(self, provider: str, message: MessageId) -> Handed | None:
        return await self._transactions.read(
            lambda c: handing.handed(c, self._seal, provider, message)
        )

    async def known_as(
        self, provider: str, upstream_ids: Collection[str]
    ) -> Mapping[str, MessageId]:
        return await self._transactions.read(lambda c: handing.known_as(c, provider, upstream_ids))

    async def balance(self, account: int) -> int:
        return await self._transactions.read(lambda c: c.fetchval(SQL["balance"], account)) or 0

    async def packages(self, account: int) -> list[Package]:
        return await self._transactions.read(lambda c: recording.packages(c, account))

    async def find(self, reference: Mark) -> MessageId | None:
        return await self._transactions.read(lambda c: recording.find(c, reference))

    async def claim_inquiries(self, provider: str, most: int, lease: Millis) -> list[Inquiry]:
        claim = partial(self._pending.claim_inquiries, provider=provider, most=most, lease=lease)
        return await self._do(claim)

    async def put_off(self, inquiries: Mapping[MessageId, Millis], *, asked: bool = True) -> None:
        await self._do(partial(self._pending.put_off, inquiries=inquiries, asked=asked))

    async def claim_reports(
        self, most: int, lease: Millis, each: int, bounds: Mapping[int, int]
    ) -> list[Owed]:
        claim = partial(self._pending.claim_reports, most=most, lease=lease)
        due = await self._do(partial(claim, each=each, bounds=bounds))
        if not due:
            return []
        return await self._transactions.read(
            lambda c: recording.owed(c, self._seal, self._directory, due)
        )

    async def reported(self, reports: Sequence[Reported]) -> None:
        await self._do(partial(self._pending.reported, reports=reports))

    async def take_results(self, app: int, most: int) -> list[TextRecord]:
        take = partial(self._replies.take_results, app=app, most=most)
        return await self._do(partial(take, directory=lambda: self._directory))

    async def origin(self, message: MessageId) -> Origin | None:
        return await self._transactions.read(
            lambda c: replies.origin(c, self._seal, self._directory, message)
        )

    async def replies_from(
        self, app: int, phone: Mark, since: Millis, until: Millis, most: int
    ) -> list[Reply]:
        asked = (app, phone, since, until, most)
        return await self._transactions.read(lambda c: replies.of_phone(c, self._seal, asked))

    async def take_replies(self, app: int, most: int) -> list[Reply]:
        return await self._do(partial(self._replies.take, app=app, most=most))

    async def claim_replies(self, apps: Sequence[int], most: int, lease: Millis) -> list[OwedReply]:
        return await self._do(partial(self._replies.claim, apps=apps, most=most, lease=lease))

    async def replied(self, replies: Sequence[RepliedTo]) -> None:
        await self._do(partial(self._replies.replied, replies=replies))

    async def texts_to(
        self, app: int, phone: Mark, since: Millis, until: Millis, most: int
    ) -> list[TextRecord]:
        return await self._listing.texts_to(self.directory, app, phone, since, until, most)

    async def texts(
        self, app: int, since: Millis, until: Millis, offset: int, most: int
    ) -> tuple[int, list[TextRecord]]:
        return await self._listing.texts(self.directory, app, since, until, offset, most)

    async def tally(self, app: int, since: Millis, until: Millis) -> Tally:
        return await self._listing.tally(app, since, until)

    async def ends(
        self, app: int, since: Millis, until: Millis
    ) -> Mapping[tuple[Status, str], int]:
        return await self._listing.ends(app, since, until)

    async def open_link(self, link: int, at: Millis) -> Opened | None:
        return await self._do(partial(self._texts.open_link, link=link, at=at))

    async def convert(self, app: int, message: MessageId, at: Millis) -> bool:
        return await self._do(partial(convert, app=app, message=message, at=at))

    async def verification(self, verification: VerificationId) -> Verification | None:
        return await self._transactions.read(
            lambda c: recording.verification(c, self._seal, verification)
        )

    async def current(self, mark: Mark) -> VerificationId | None:
        return await self._transactions.read(lambda c: recording.current(c, mark))

    def standing(self) -> Standing:
        return Standing(
            trouble=self._watch.trouble or self._transactions.trouble,
            waiting=self._waiting,
            pending=self._accepting.waiting,
            recent=0,
            commits=self._transactions.commits,
            reports_given_up=self._pending.given_up,
        )

    async def _require(self, connection: Connection) -> None:
        """Raises StoreUnusable."""
        await schema.require_current(connection, self._address)
        await schema.require_key(connection, self._address, self._seal)
        last: int = await connection.fetchval(SQL["last_message"])
        require_clock(made_at(MessageId(last)) if last else 0, self._clock())

    async def _do(self, work: Callable[[Unit], Awaitable[T]]) -> T:
        return await self._transactions.run(work)

    def _notice(self, channel: str) -> None:
        """Something has happened, here or in another process."""
        if channel == WORK:
            self._arrivals += 1
            self._work.set()

    async def _next_due(self, kinds: Collection[Kind]) -> Millis | None:
        """When the first of those that wait for their hour is due."""
        return await self._transactions.read(lambda c: c.fetchval(SQL["next_due"], list(kinds)))

    async def _look(self, connection: Connection) -> None:
        """What has to be done now and then, on the watch's own connection."""
        await self._numbering.keep(connection)
        await self._reload(connection)
        now = asyncio.get_running_loop().time()
        if now >= self._count_at:
            self._count_at = now + _COUNT_EVERY_S
            self._waiting = await connection.fetchval(SQL["count_waiting"], _WORTH_COUNTING)
        if self._transactions.trouble:
            # Nobody may come to try while it is said to be unready.
            with suppress(HongyanError):
                await self._transactions.run(_try_to_commit)

    async def _refreshed(self, connection: Connection) -> None:
        await self._reload(connection)
        self._pending.given_up = await connection.fetchval(SQL["count_given_up"])

    async def _reload(self, connection: Connection) -> None:
        """Take over what has changed of the directory."""
        if await directories.version(connection) == self._directory.version:
            return
        found = await directories.read(connection, self._seal, self._clock())
        if found.version > self._directory.version:
            self._directory = found


async def _try_to_commit(unit: Unit) -> None:
    unit.must_last = True
