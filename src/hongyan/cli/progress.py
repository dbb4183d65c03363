"""How far a long command has come: a bar for who watches, a line a second for a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from hongyan.cli.show import wants_json
from hongyan.store.transfer import Watch

_EVERY_S: Final = 1.0
_COLUMNS: Final[tuple[ProgressColumn, ...]] = (
    TextColumn("{task.description:24}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeRemainingColumn(),
)


@contextmanager
def watched() -> Iterator[Watch]:
    """What is told to it is shown on standard error; with `--json` nothing is."""
    console = Console(stderr=True, highlight=False)
    if wants_json():
        yield _nothing
    elif console.is_terminal:
        with Progress(*_COLUMNS, console=console) as progress:
            yield Bars(progress)
    else:
        yield Lines()


def _nothing(_what: str, _done: int, _total: int) -> None:
    pass


class Bars:
    """One for each thing that is done."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._what = ""
        self._task = TaskID(0)

    def __call__(self, what: str, done: int, total: int) -> None:
        if what != self._what:
            self._what = what
            self._task = self._progress.add_task(what)
        self._progress.update(self._task, completed=done, total=total)


class Lines:
    """What was told last, once a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()

    def __call__(self, what: str, done: int, total: int) -> None:
        now = self._clock()
        if now - self._last >= _EVERY_S:
            self._last = now
            sys.stderr.write(f"{what} {done}/{total}\n")
            sys.stderr.flush()
