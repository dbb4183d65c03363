"""Opening a store, of whichever kind: its settings, its data directory, and why it cannot be opened."""

import fcntl
import os
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from hongyan.core.time import MINUTE, SECOND, Millis, rfc3339
from hongyan.service.ports import DeskUnusable

KEY_FILE: Final = "hongyan.key"
LOCK_FILE: Final = "hongyan.lock"

_CLOCK_TOLERANCE: Final = 5 * MINUTE


class StoreSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[store]` in the configuration."""

    database: str = ""
    """postgresql://user@host:port/database; empty: SQLite in the data directory."""
    database_password_file: str = ""
    """What that user's password is read from."""
    wait_s: Annotated[int, Meta(ge=0, le=3_600)] = 60
    """How long a start waits for a database that is away."""
    window_entries: Annotated[int, Meta(ge=1, le=100_000_000)] = 3_000_000
    """SQLite: entries of the recent window kept in memory, about 125 bytes each; the rest go to disk.
    A third of them is for each of limits, Idempotency-Keys and references.
    """

    def __repr__(self) -> str:
        return "StoreSettings(…)"


class StoreUnusable(DeskUnusable):
    """The store cannot be opened or changed; the sentence says why and what to do."""


class StoreAway(StoreUnusable):
    """Its database does not answer now; later it may."""


class Inspection(msgspec.Struct, frozen=True):
    """What `doctor` asks of a database."""

    last_write: Millis
    broken_books: list[int]
    """Accounts whose balance is not the sum of their ledger."""
    commit_ms: float = 0.0
    """PostgreSQL: how long one takes."""


class Lock:
    """The one serving process of a data directory. Ends with the process, however it ends."""

    def __init__(self, directory: Path) -> None:
        """Raises StoreUnusable when another process has it."""
        path = directory / LOCK_FILE
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            sentence = f"{directory} cannot be written: {error.strerror}. Choose another directory"
            raise StoreUnusable(
                sentence + " or give this user the right to write there."
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(self._descriptor, 20).decode() or "unknown"
            os.close(self._descriptor)
            sentence = f"{directory} is being served by process {holder}. Stop that one first, or"
            raise StoreUnusable(sentence + " give this one another directory.") from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        os.close(self._descriptor)


def require_clock(last_write: Millis, now: Millis) -> None:
    """Raises StoreUnusable when the clock is well behind what the store has seen already.

    Limits and codes would otherwise live on for as long as the clock is wrong.
    """
    if last_write > now + _CLOCK_TOLERANCE:
        ahead = (last_write - now) // SECOND
        sentence = f"The clock says {rfc3339(now)}, {ahead} s before the store's last write."
        raise StoreUnusable(sentence + " Set the clock right and start again.")
