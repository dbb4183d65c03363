"""Tasks: what a store keeps of files of numbers that come in, and of texting all who stand in them."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from hongyan.core.time import Millis
from hongyan.service.directory import Directory
from hongyan.service.recording import TextRecord


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is being texted, or has been."""

    id: int
    """Its file's: one file makes one task."""
    app: int
    environment: str
    short_name: bool
    """Whether its texts go out under that."""
    created_at: Millis
    line: int = 0
    """All up to this one are done."""
    ended_at: Millis = 0
    """0 while it is not."""


class Done(msgspec.Struct, frozen=True):
    """What became of a line."""

    line: int
    message: int = 0
    """0: nothing was sent."""
    reason: str = ""
    """Why not, without anything that stands in the line."""


class DoneRecord(msgspec.Struct, frozen=True):
    """The same, as records show it."""

    line: int
    reason: str
    text: TextRecord | None
    """What was sent."""


class Tasks(Protocol):
    """A part of `ports.Administration`."""

    def begin_upload(self, upload: int, app: int) -> bool:
        """A file comes in; False where one has, under this number."""

    def uploads_since(self, app: int, since: Millis) -> int:
        """How many files of an app have begun to come in."""

    def add_piece(self, upload: int, number: int, content: bytes) -> None:
        """The next piece of it, counted from 0. It is sealed."""

    def end_upload(self, upload: int, octets: int) -> None:
        """It is whole."""

    def drop_upload(self, upload: int) -> None:
        """It did not come in whole: its number may be used again."""

    def owner_of_upload(self, upload: int) -> int:
        """The app of a file that is whole; 0 for none."""

    def piece(self, upload: int, number: int) -> bytes | None: ...
    def add_task(self, task: Task) -> Task:
        """The task of its file, which may be another that there was before."""

    def task(self, task: int) -> Task | None: ...
    def claim_task(self, lease: Millis) -> Task | None:
        """The task that has waited longest. Nobody else is given it before the lease ends."""

    def free_tasks(self) -> None:
        """End all leases, because nobody can be at a task now."""

    def put_off_task(self, task: Task, due_at: Millis) -> None:
        """Let it go, until a moment."""

    def advance_task(
        self, task: Task, line: int, done: Sequence[Done], lease: Millis
    ) -> Task | None:
        """The task with all up to this line done; None, and nothing is kept, where somebody else has
        advanced it.
        """

    def end_task(self, task: Task, done: Sequence[Done]) -> bool:
        """Its file is forgotten. False, and nothing is kept, where somebody else has advanced it."""

    def lines_of_task(
        self, task: int, offset: int, most: int, directory: Directory
    ) -> tuple[int, list[DoneRecord]]:
        """How many lines are done, and a page of them, in their order."""

    def forget_tasks(self, uploads_before: Millis, tasks_before: Millis, most: int) -> int:
        """Drop files that no task wanted, and tasks, of before these moments; how many there were."""
