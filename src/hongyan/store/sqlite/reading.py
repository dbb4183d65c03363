"""A thread that reads, with a connection of its own that cannot write."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import apsw

from hongyan.store.sqlite import schema

T = TypeVar("T")


class Reader:
    """What it is asked it reads, one after the other, and the event loop goes on meanwhile."""

    def __init__(self, directory: Path, name: str) -> None:
        self._path = directory
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, name, self._open)
        self._connection: apsw.Connection | None = None

    async def read(self, read: Callable[[apsw.Connection], T]) -> T:
        return await self._loop.run_in_executor(self._thread, self._with_connection, read)

    def close(self) -> None:
        self._thread.submit(self._let_go).result()
        self._thread.shutdown()

    def _with_connection(self, read: Callable[[apsw.Connection], T]) -> T:
        assert self._connection is not None  # noqa: S101 - made before the thread takes work
        return read(self._connection)

    def _open(self) -> None:
        self._connection = schema.connect(self._path, read_only=True)

    def _let_go(self) -> None:
        if self._connection is not None:
            self._connection.close()
