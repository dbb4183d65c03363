"""The checkpoint: moves the write-ahead log into the database without holding a request up.

A thread with a connection of its own copies nearly all of it beside the writer; then the writer,
after one of its commits, copies the few pages that have come since, and the log starts at its
beginning again. Left to SQLite, every thousandth page would stop the writer for all of that.
"""

import threading
from contextlib import suppress
from enum import Enum
from typing import Final

import apsw

_BEGIN_PAGES: Final = 2_000
"""8 MB of log."""


class _Turn(Enum):
    NOBODYS = 1
    THREADS = 2
    WRITERS = 3


class Checkpoint:
    """`writing` is the writer's connection, `copying` the thread's."""

    def __init__(self, writing: apsw.Connection, copying: apsw.Connection) -> None:
        self._writing = writing
        self._copying = copying
        self._pages = 0
        self._turn = _Turn.NOBODYS
        self._wanted = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="hongyan-checkpoint", daemon=True)
        writing.set_wal_hook(self._note)

    def start(self) -> None:
        self._thread.start()

    @property
    def is_writers_turn(self) -> bool:
        """Whether the writer should `finish` after the commit that it has just done."""
        return self._turn is _Turn.WRITERS

    def finish(self) -> None:
        """With the writer's connection, while nobody else uses it: copy the last pages."""
        _copy(self._writing)
        self._pages = 0
        self._turn = _Turn.NOBODYS

    def consider(self) -> None:
        """Let the thread begin when the log has grown long enough."""
        if self._turn is _Turn.NOBODYS and self._pages > _BEGIN_PAGES:
            self._turn = _Turn.THREADS
            self._wanted.set()

    def close(self) -> None:
        self._closing = True
        self._wanted.set()
        self._thread.join()
        self._copying.close()

    def _note(self, _connection: apsw.Connection, _database: str, pages: int) -> int:
        self._pages = pages
        return apsw.SQLITE_OK

    def _run(self) -> None:
        while self._wanted.wait() and not self._closing:
            self._wanted.clear()
            _copy(self._copying)
            self._turn = _Turn.WRITERS


def _copy(connection: apsw.Connection) -> None:
    """What can be copied now. A full or failing disk lets the log grow; writes will say so."""
    with suppress(apsw.Error):
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
