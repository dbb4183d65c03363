"""Changes in any store: statements by name, in transactions of its kind."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeAlias

import msgspec

from hongyan.service.directory import Directory
from hongyan.service.ports import Clock
from hongyan.store.seal import Seal

Value: TypeAlias = str | int | bytes | float | None
"""What a column holds."""


class Changing(ABC):
    """What each kind of store does in its own way, and what all that change something share."""

    def __init__(self, seal: Seal, clock: Clock) -> None:
        self._seal = seal
        self._clock = clock

    @abstractmethod
    def directory(self) -> Directory: ...

    @abstractmethod
    def together(self) -> AbstractContextManager[None]:
        """Everything within happens, or nothing of it. Raises StoreUnusable."""

    @abstractmethod
    def close(self) -> None: ...

    @abstractmethod
    def _rows(self, name: str, *values: Value) -> Sequence[Any]:
        """What a query finds."""

    @abstractmethod
    def _run(self, name: str, *values: Value) -> int:
        """How many rows a statement changed."""

    @contextmanager
    def _change(self) -> Iterator[None]:
        """Of the directory: everybody reads it again."""
        with self.together():
            yield
            self._run("raise_version")

    def _returning(self, name: str, *values: Value) -> int:
        found = self._rows(name, *values)
        return found[0][0] if found else 0


def written(value: object) -> str:
    """As a column of JSON holds it."""
    return msgspec.json.encode(value).decode()
