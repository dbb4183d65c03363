"""SQLite: the embedded store. One file, one writer, one serving process; see `service.ports`."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import apsw

from hongyan.core.command import Answer, Command, Reply
from hongyan.core.draft import Tally
from hongyan.core.errors import HongyanError
from hongyan.core.identifier import MessageId, MessageIds, VerificationId, first_id, made_at
from hongyan.core.ledger import Package
from hongyan.core.mark import Mark
from hongyan.core.message import Kind, Status
from hongyan.core.time import DAY, SECOND, Millis
from hongyan.core.verification import Rules, Verification
from hongyan.service.directory import NEVER, Directory
from hongyan.service.handing import Handed
from hongyan.service.ports import (
    Begun,
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
from hongyan.store.opening import (
    KEY_FILE,
    Inspection,
    Lock,
    StoreSettings,
    StoreUnusable,
    require_clock,
)
from hongyan.store.queries.sqlite import SQL
from hongyan.store.seal import KeyRing, Seal
from hongyan.store.sqlite import administering, departure, handing, recording, replies, schema
from hongyan.store.sqlite.accepting import Accepting
from hongyan.store.sqlite.administering import SqliteAdministration
from hongyan.store.sqlite.checkpoint import Checkpoint
from hongyan.store.sqlite.listing import Listing
from hongyan.store.sqlite.memory import Memory
from hongyan.store.sqlite.outbox import Outbox
from hongyan.store.sqlite.pending import Pending
from hongyan.store.sqlite.reading import Reader
from hongyan.store.sqlite.texts import Texts
from hongyan.store.sqlite.upkeep import Upkeep
from hongyan.store.sqlite.waiting import Waiting
from hongyan.store.sqlite.writer import Unit, Work, Writer

__all__ = ["SqliteStore", "administration", "inspect", "seal_of"]

T = TypeVar("T")

_WRITER: Final = 0
"""The only writer of the file."""


def seal_of(directory: Path, clock: Clock, *, create: bool = False) -> Seal:
    """The seal of a data directory. Raises KeyFileUnusable."""
    path = directory / KEY_FILE
    if create and not path.exists() and not (directory / schema.DATABASE).exists():
        return Seal(KeyRing.create(path, clock()), clock)
    return Seal(KeyRing.load(path), clock)


def administration(directory: Path, seal: Seal, clock: Clock) -> SqliteAdministration:
    """Open the file for the operator's changes, beside a serving process or without one.

    Raises StoreUnusable.
    """
    try:
        connection = schema.connect(directory)
        schema.migrate(connection)
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.NotADBError) as error:
        sentence = f"{directory / schema.DATABASE} cannot be opened: {error}."
        raise StoreUnusable(sentence + " Check the path and this user's rights.") from error
    schema.require_key(connection, seal)
    departure.require_here(connection)
    return SqliteAdministration(connection, seal, clock)


def inspect(directory: Path, seal: Seal) -> Inspection:
    """Look without changing anything. Raises StoreUnusable."""
    try:
        connection = schema.connect(directory, read_only=True)
        schema.require_known(connection)
        schema.require_key(connection, seal)
        last: Any = connection.execute(SQL["last_message"]).fetchall()[0][0]
        broken = [row[0] for row in connection.execute(SQL["books"])]
    except apsw.Error as error:
        raise StoreUnusable(f"{directory / schema.DATABASE} cannot be read: {error}.") from error
    connection.close()
    return Inspection(made_at(last) if last else 0, broken)


class SqliteStore:
    """See `service.ports.Store`, whose every method's promise is kept by the contract suite."""

    def __init__(  # noqa: PLR0913 - what a store is made of
        self,
        directory: Path,
        seal: Seal,
        rules: Rules,
        settings: StoreSettings,
        clock: Clock,
        on_fatal: Callable[[BaseException], None],
        *,
        lock: Lock | None = None,
    ) -> None:
        """Opens the file for this process alone. Call on the event loop that will use it.

        `lock`: the directory's, where this process has it already; let go of at the end.

        Raises StoreUnusable.
        """
        self._path = directory
        self._seal = seal
        self._clock = clock
        self._work = asyncio.Event()
        self._lock = lock or Lock(directory)
        try:
            self._open(rules, settings, on_fatal)
        except BaseException:
            self._lock.release()
            raise

    def _open(
        self, rules: Rules, settings: StoreSettings, on_fatal: Callable[[BaseException], None]
    ) -> None:
        seal, clock = self._seal, self._clock
        administration(self._path, seal, clock).close()
        self._connection = schema.connect(self._path, serving=True)
        last: Any = self._connection.execute(SQL["last_message"]).fetchall()[0][0]
        require_clock(made_at(last) if last else 0, clock())
        self._ids = MessageIds(_WRITER, last)
        self._tokens = MessageIds(_WRITER)
        self._memory = Memory(self._connection, settings.window_entries)
        self._waiting = Waiting()
        self._pending = Pending(self._connection)
        self._outbox = Outbox(self._memory, self._waiting, self._pending, seal, self._token)
        self._replies = replies.Replies(self._pending, seal)
        self._texts = texts = Texts(seal)
        self._accepting = Accepting(self._memory, self._outbox, self._pending, texts, seal, rules)
        self._upkeep = Upkeep(
            self._memory, self._waiting, self._pending, self._outbox, texts, rules
        )
        self._directory = administering.read(self._connection, seal, clock())
        self._seen = self._commits_of_others()
        self._checkpoint = Checkpoint(self._connection, schema.connect(self._path))
        self._writer = Writer(self._connection, self._transact, clock, self._checkpoint, on_fatal)
        self._reader = Reader(self._path, "hongyan-reader")
        self._lists = Reader(self._path, "hongyan-lists")
        self._listing = Listing(self._lists, seal)

    async def start(self) -> None:
        """Find what the process before this one left, then take work."""
        self._memory.rebuild(self._clock())
        self._writer.start()
        self._checkpoint.start()
        await self._do(self._outbox.recover)
        await self._do(self._outbox.load)

    async def close(self) -> None:
        """Commit what waits, then let the file go."""
        await self._writer.close()
        await asyncio.to_thread(self._checkpoint.close)
        self._lists.close()
        self._reader.close()
        self._connection.close()
        self._lock.release()

    @property
    def directory(self) -> Directory:
        # Asked for by every request, most of which need no look at the clock.
        if self._directory.good_until != NEVER:
            self._directory = self._directory.at(self._clock())
        return self._directory

    async def refresh(self) -> Directory:
        await self._do(lambda _unit: None)
        return self.directory

    def next_id(self) -> MessageId:
        return self._ids.next(self._clock())

    def accept(self, command: Command) -> Awaitable[Answer | HongyanError]:
        return self._writer.submit(command)

    async def claim(self, room: Mapping[Kind, int], lease: Millis) -> list[Claimed]:
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
        due_at = self._waiting.due_at(kinds)
        if due_at == 0:
            return
        wait = patience if due_at is None else min(patience, max(due_at - self._clock(), 0))
        self._work.clear()
        # Not asyncio.wait_for: on Python 3.11 it can swallow a cancellation.
        with suppress(TimeoutError):
            async with asyncio.timeout(wait / SECOND):
                await self._work.wait()

    async def message(self, app: int, message: MessageId) -> MessageRecord | None:
        return await self._read(
            lambda reader: recording.message(reader, self._seal, self._directory, app, message)
        )

    async def handed(self, provider: str, message: MessageId) -> Handed | None:
        return await self._read(
            lambda reader: handing.handed(reader, self._seal, provider, message)
        )

    async def known_as(
        self, provider: str, upstream_ids: Collection[str]
    ) -> Mapping[str, MessageId]:
        return await self._read(lambda reader: handing.known_as(reader, provider, upstream_ids))

    async def balance(self, account: int) -> int:
        return await self._do(lambda _unit: self._memory.balances.get(account, 0))

    async def packages(self, account: int) -> list[Package]:
        return await self._read(lambda reader: recording.packages(reader, account))

    async def find(self, reference: Mark) -> MessageId | None:
        before = first_id(self._clock() - DAY)
        found, is_all = await self._do(lambda unit: self._memory.find(unit, reference, before))
        if is_all:
            return found
        days = self._memory.filed
        past = await self._read(lambda reader: recording.past(reader, reference, before, days))
        return max(filter(None, (found, past)), default=None)

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
        return await self._read(
            lambda reader: recording.owed(reader, self._seal, self._directory, due)
        )

    async def reported(self, reports: Sequence[Reported]) -> None:
        await self._do(partial(self._pending.reported, reports=reports))

    async def take_results(self, app: int, most: int) -> list[TextRecord]:
        take = partial(self._replies.take_results, app=app, most=most)
        return await self._do(partial(take, directory=lambda: self._directory))

    async def origin(self, message: MessageId) -> Origin | None:
        return await self._read(
            lambda reader: replies.origin(reader, self._seal, self._directory, message)
        )

    async def replies_from(
        self, app: int, phone: Mark, since: Millis, until: Millis, most: int
    ) -> list[Reply]:
        asked = (app, phone, since, until, most)
        return await self._read(lambda reader: replies.of_phone(reader, self._seal, asked))

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
        return await self._do(partial(self._texts.convert, app=app, message=message, at=at))

    async def verification(self, verification: VerificationId) -> Verification | None:
        return await self._read(
            lambda reader: recording.verification(reader, self._seal, verification)
        )

    async def current(self, mark: Mark) -> VerificationId | None:
        return await self._do(lambda _unit: self._memory.current(mark))

    def standing(self) -> Standing:
        return Standing(
            trouble=self._writer.trouble,
            waiting=len(self._waiting),
            pending=self._writer.waiting,
            recent=len(self._memory),
            commits=self._writer.commits,
            reports_given_up=self._pending.given_up,
        )

    def _transact(self, unit: Unit, works: Sequence[Work]) -> list[object]:
        """The commands as one batch, then each other work by itself."""
        self._notice_others()
        self._memory.turn(unit.now)
        commands: list[Any] = [work for work in works if not callable(work)]
        arrivals = self._waiting.arrivals
        answers = iter(self._accepting.decide(unit, commands) if commands else ())
        results = [work(unit) if callable(work) else next(answers) for work in works]
        unit.committed.append(partial(self._wake, arrivals))
        return results

    def _commits_of_others(self) -> Any:
        """Changes with every commit of another connection. (apsw's `data_version()` does so with our
        own as well.)
        """
        return self._connection.pragma("data_version")

    def _notice_others(self) -> None:
        """Another process (the command line) has written: read again what it may have changed."""
        seen = self._commits_of_others()
        if seen == self._seen:
            return
        self._seen = seen
        self._memory.reload_balances()
        self._pending.count()
        if administering.version_of(self._connection) != self._directory.version:
            self._directory = administering.read(self._connection, self._seal, self._clock())

    def _wake(self, before: int) -> None:
        if self._waiting.arrivals > before:
            self._work.set()

    def _do(self, work: Callable[[Unit], T]) -> Awaitable[T]:
        """Have the writer do a unit's work with its next commit."""
        return self._writer.submit(work)

    async def _read(self, read: Callable[[apsw.Connection], T]) -> T:
        return await self._reader.read(read)

    def _token(self) -> int:
        return self._tokens.next(self._clock())
