"""How far a long command has come: a bar for who watches, a line a second for a log."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.progress import TimeRemainingColumn as TimeLeft

from hongyan.cli.show import wants_json
from hongyan.store.transfer import Watch

_EVERY_S: Final = 1.0


@contextmanager
def watched() -> Iterator[Watch]:
    """What is told to it is shown on standard error; with `--json` nothing is."""
    console = Console(stderr=True, highlight=False)
    if wants_json():
        yield _nothing
    elif console.is_terminal:
        with Progress(
            TextColumn("{task.description:24}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeLeft(),
            console=console,
        ) as progress:
            yield _Bars(progress)
    else:
        yield _Lines()


def _nothing(_what: str, _done: int, _total: int) -> None:
    pass


class _Bars:
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


class _Lines:
    """The last that was told, once a second; and the end of each thing that took longer."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._last >= _EVERY_S:
            self._last = now
            sys.stderr.write(f"{what} {done}/{total}\n")
            sys.stderr.flush()
