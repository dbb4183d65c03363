"""A house moves from SQLite into PostgreSQL, whole: table by table, in the order of their keys, in
slices. Each slice is one transaction with the note of how far that is, so a move that was ended at any
moment goes on from there. Until it is finished the house is served in neither place.
"""

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Final

import apsw
import asyncpg
import msgspec

from hongyan.core.identifier import MessageId, made_at
from hongyan.core.time import SECOND, Millis
from hongyan.service.ports import Clock
from hongyan.store.opening import Lock, StoreUnusable, require_clock
from hongyan.store.postgres.connections import LOST, Address
from hongyan.store.seal import Seal
from hongyan.store.sqlite import departure, schema
from hongyan.store.sqlite.departure import Departure
from hongyan.store.transfer import Watch
from hongyan.store.transfer.arriving import META, ORDER, Arriving, Brought, connected, failed
from hongyan.store.transfer.leaving import Leaving, hold_back, last_message, recover
from hongyan.store.transfer.table import Figures, differing

SLICE: Final = 20_000
"""Rows that are copied in one transaction."""
_HEAVY: Final = {"paper": 4}
"""The same of tables whose rows have megabytes."""
_NAME: Final = "hongyan move"


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What a move came to."""

    to: str
    at: Millis
    figures: dict[str, Figures]
    """Of each table; the same on both sides. Empty for a move that was over already."""


async def move(
    directory: Path,
    seal: Seal,
    address: Address,
    clock: Clock,
    watch: Watch,
    *,
    slice_rows: int = SLICE,
) -> Moved:
    """Move the house of a data directory, or go on with its move. Raises StoreUnusable."""
    with _opened(directory, seal) as connection:
        return await _Move(connection, seal, address, clock, watch, slice_rows).run()


def come_back(directory: Path, seal: Seal, clock: Clock, watch: Watch) -> int | None:
    """Serve the house from its data directory again. Of a move that was over, this is an old state:
    what waits in it may have been sent from where it went, so that is in doubt now; how many those
    are. None when the house has not left. Raises StoreUnusable.
    """
    with _opened(directory, seal) as connection:
        departed = departure.read(connection)
        if departed is None:
            return None
        held = hold_back(connection, seal, clock, watch) if departed.is_over else 0
        departure.forget(connection)
        return held


@contextmanager
def _opened(directory: Path, seal: Seal) -> Iterator[apsw.Connection]:
    """The file, for this process alone. Raises StoreUnusable for whatever becomes of it."""
    path = directory / schema.DATABASE
    lock = Lock(directory)
    try:
        if not path.exists():
            raise StoreUnusable(
                f"{directory} holds no {schema.DATABASE}. Name another with --data."
            )
        connection = schema.connect(directory)
        try:
            schema.migrate(connection)
            schema.require_key(connection, seal)
            yield connection
        finally:
            with suppress(apsw.Error):  # On a full disk its log stays beside it.
                connection.close()
    except apsw.Error as error:
        sentence = (
            f"{path} failed: {error}. Nothing is lost: see to it and run the same command again."
        )
        raise StoreUnusable(sentence) from error
    finally:
        lock.release()


class _Move:
    """One run of the command."""

    def __init__(
        self,
        source: apsw.Connection,
        seal: Seal,
        address: Address,
        clock: Clock,
        watch: Watch,
        slice_rows: int,
    ) -> None:
        self._source = source
        self._seal = seal
        self._address = address
        self._clock = clock
        self._watch = watch
        self._slice = slice_rows

    async def run(self) -> Moved:
        left = departure.read(self._source)
        if left is not None and left.is_over:
            return Moved(to=left.to, at=left.began_at, figures={})
        try:
            async with connected(self._address, _NAME) as connection:
                target = await Arriving.of(connection, self._address)
                moved = await self._run(target, left)
        except (asyncpg.PostgresError, ValueError, *LOST) as error:
            sentence = (
                "Nothing is lost: see to it and run the same command again; it goes on there."
            )
            raise failed(error, self._address, sentence) from error
        return moved

    async def _run(self, target: Arriving, left: Departure | None) -> Moved:
        if left is not None and await target.has(left.id):
            return self._over(left, {})  # Ended between the last two writes.
        await target.require_empty(self._seal, self._clock())
        last = last_message(self._source)
        require_clock(made_at(last) if last else 0, min(self._clock(), await target.now()))
        left = self._leave(left)
        # From here on no command beside this one changes the house, though it may have been opened
        # before the note was written.
        self._source.execute("BEGIN IMMEDIATE")
        brought = await target.brought(left.id) or await self._begin(target, left)
        leaving = Leaving(self._source, brought.began_at)
        for name in ORDER:
            brought = await self._copy(leaving, target, brought, name)
        await self._compare(target, brought)
        await self._outlast(target, last)
        await target.finish(left.id, list(leaving.rows(target.tables[META], ())))
        return self._over(left, brought.figures)

    def _leave(self, left: Departure | None) -> Departure:
        with self._source:
            recover(self._source, self._seal, self._clock)
            began_at = left.began_at if left else self._clock()
            leaving = Departure(
                left.id if left else secrets.token_hex(16), str(self._address), began_at
            )
            departure.write(self._source, leaving)
        return leaving

    async def _begin(self, target: Arriving, left: Departure) -> Brought:
        leaving = Leaving(self._source, left.began_at)
        figures = {}
        for done, name in enumerate(ORDER):
            self._watch("counting", done, len(ORDER))
            figures[name] = leaving.figures(target.tables[name])
        self._watch("counting", len(ORDER), len(ORDER))
        brought = Brought(left.id, left.began_at, figures)
        await target.begin(brought, self._seal)
        return brought

    async def _copy(
        self, leaving: Leaving, target: Arriving, brought: Brought, name: str
    ) -> Brought:
        table = target.tables[name]
        total = brought.figures[name].rows
        rows = leaving.rows(table, brought.after(table))
        self._watch(name, brought.rows.get(name, 0), total)
        most = min(self._slice, _HEAVY.get(name, self._slice))
        while some := list(islice(rows, most)):
            brought = brought.further(table, some)
            await target.put(table, some, brought)
            self._watch(name, brought.rows[name], total)
        return brought

    async def _compare(self, target: Arriving, brought: Brought) -> None:
        """Raises StoreUnusable unless everything has arrived."""
        found = {}
        for done, name in enumerate(ORDER):
            self._watch("checking", done, len(ORDER))
            found[name] = await target.figures(target.tables[name])
        self._watch("checking", len(ORDER), len(ORDER))
        wrong = differing(brought.figures, found, ORDER)
        wrong += await target.broken_books()
        if wrong:
            sentence = (
                f"What arrived is not what left ({'; '.join(wrong)}). The house is still here:"
            )
            raise StoreUnusable(sentence + " 'hongyan move --back' opens it. Report this as a bug.")

    async def _outlast(self, target: Arriving, last: int) -> None:
        """Let the target's clock pass the last id, so that all ids made there are greater."""
        ahead = made_at(MessageId(last)) - await target.now() if last else 0
        if ahead >= 0 and last:
            await asyncio.sleep((ahead + 1) / SECOND)

    def _over(self, left: Departure, figures: dict[str, Figures]) -> Moved:
        over = msgspec.structs.replace(left, is_over=True)
        departure.write(self._source, over)
        if self._source.in_transaction:
            self._source.execute("COMMIT")
        return Moved(to=over.to, at=over.began_at, figures=figures)
