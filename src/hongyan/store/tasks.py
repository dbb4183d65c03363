"""Files of numbers and their tasks, in any store."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from hongyan.core.time import Millis
from hongyan.service.directory import Directory
from hongyan.service.tasks import Done, DoneRecord, Task
from hongyan.store.changing import Changing, written
from hongyan.store.records import text_of
from hongyan.store.rows import row_key

_PIECE: Final = b"upload_piece.content"
_DONE_COLUMNS: Final = 3
"""Of the query `task_lines`: line, message, reason; then those of the message."""


class Tasking(Changing):
    """See `service.tasks.Tasks`. Each method is one transaction."""

    def begin_upload(self, upload: int, app: int) -> bool:
        return bool(self._run("insert_upload", upload, app, self._clock()))

    def uploads_since(self, app: int, since: Millis) -> int:
        return self._returning("uploads_since", app, since)

    def add_piece(self, upload: int, number: int, content: bytes) -> None:
        sealed = self._seal.close(_PIECE, _place(upload, number), content)
        self._run("insert_piece", upload, number, sealed)

    def end_upload(self, upload: int, octets: int) -> None:
        self._run("end_upload", octets, upload)

    def drop_upload(self, upload: int) -> None:
        with self.together():
            self._run("drop_pieces", upload)
            self._run("drop_upload", upload)

    def owner_of_upload(self, upload: int) -> int:
        return self._returning("upload", upload)

    def piece(self, upload: int, number: int) -> bytes | None:
        found = self._rows("piece", upload, number)
        return self._seal.open(_PIECE, _place(upload, number), found[0][0]) if found else None

    def add_task(self, task: Task) -> Task:
        about = task.app, task.environment, task.short_name, task.created_at
        with self.together():
            self._run("insert_task", task.id, *about, task.created_at)
            return _task(self._rows("task", task.id)[0])

    def task(self, task: int) -> Task | None:
        return next(map(_task, self._rows("task", task)), None)

    def claim_task(self, lease: Millis) -> Task | None:
        now = self._clock()
        if not self._rows("due_task", now):  # As nearly always: nothing is locked for it.
            return None
        with self.together():
            found = next(map(_task, self._rows("due_task", now)), None)
            if found is not None:
                self._run("put_off_task", now + lease, found.id, found.line)
            return found

    def free_tasks(self) -> None:
        self._run("free_tasks")

    def put_off_task(self, task: Task, due_at: Millis) -> None:
        self._run("put_off_task", due_at, task.id, task.line)

    def advance_task(
        self, task: Task, line: int, done: Sequence[Done], lease: Millis
    ) -> Task | None:
        with self.together():
            due_at = self._clock() + lease
            if not self._run("advance_task", line, due_at, task.id, task.line):
                return None
            self._write(task, done)
        return msgspec.structs.replace(task, line=line)

    def end_task(self, task: Task, done: Sequence[Done]) -> bool:
        with self.together():
            if not self._run("end_task", self._clock(), task.id, task.line):
                return False
            self._write(task, done)
            self._run("drop_pieces", task.id)
        return True

    def lines_of_task(
        self, task: int, offset: int, most: int, directory: Directory
    ) -> tuple[int, list[DoneRecord]]:
        rows = self._rows("task_lines", task, most, offset)
        records = [self._record(row, directory) for row in rows]
        return self._returning("count_lines", task), records

    def forget_tasks(self, uploads_before: Millis, tasks_before: Millis, most: int) -> int:
        uploads = [one for (one,) in self._rows("forgotten_uploads", uploads_before, most)]
        tasks = [one for (one,) in self._rows("forgotten_tasks", tasks_before, most)]
        for upload in uploads:
            self.drop_upload(upload)
        for task in tasks:
            with self.together():
                self._run("drop_lines", task)
                self._run("drop_pieces", task)
                self._run("drop_task", task)
                self._run("drop_upload", task)
        return len(uploads) + len(tasks)

    def _write(self, task: Task, done: Sequence[Done]) -> None:
        if done:
            rows = [(one.line, one.message, one.reason) for one in done]
            self._run("insert_lines", task.id, written(rows))

    def _record(self, row: Any, directory: Directory) -> DoneRecord:
        (line, message, reason), columns = row[:_DONE_COLUMNS], row[_DONE_COLUMNS:]
        text = text_of(columns, self._seal, directory) if message and columns[0] else None
        return DoneRecord(line, reason, text)


def _place(upload: int, number: int) -> bytes:
    return row_key(upload) + row_key(number)


def _task(row: Sequence[Any]) -> Task:
    identifier, app, environment, short_name, created_at, line, ended_at = row
    return Task(
        id=identifier,
        app=app,
        environment=environment,
        short_name=bool(short_name),
        created_at=created_at,
        line=line,
        ended_at=ended_at,
    )
