"""Tasking: a file that has come in is to be texted, to everybody who stands in it."""

import asyncio
from typing import Final

import msgspec

from hongyan.core import link
from hongyan.core.errors import NotFound
from hongyan.core.time import DAY
from hongyan.service.serving import Serving
from hongyan.service.tasks import DoneRecord, Task
from hongyan.service.website import Websites
from hongyan.service.wechat.caller import Caller
from hongyan.service.wechat.composing import MARKETING_TEMPLATES, signature_of
from hongyan.service.wechat.environments import environment_of
from hongyan.service.wechat.uploading import upload_of
from hongyan.wire.wechat import body
from hongyan.wire.wechat.answers import TaskCreated
from hongyan.wire.wechat.fault import INVALID_PARAMETER, Fault
from hongyan.wire.wechat.requests import CreateSendSmsTask

KEPT: Final = 62 * DAY
"""How long it is told what became of the lines."""


class Tasking:
    """/tcb/createsendsmstask, and the records of its tasks."""

    def __init__(self, serving: Serving, websites: Websites) -> None:
        self._store = serving.store
        self._desk = serving.desk
        self._clock = serving.clock
        self._new = serving.new_tasks
        self._websites = websites

    async def create(self, caller: Caller, given: bytes) -> bytes:
        """Asked again for the same file, it is the same task. Raises Fault."""
        request = body.read(given, CreateSendSmsTask)
        request.require()
        caller.require_sending()
        environment = environment_of(self._store.directory, caller, request.env)
        signature_of(caller.app, use_short_name=request.use_short_name)
        if not environment.has_website or not self._websites.are_there(environment.id):
            raise Fault(-601028)
        if request.template_id and request.template_id not in MARKETING_TEMPLATES:
            raise Fault(INVALID_PARAMETER, "TemplateId not exist")
        wanted = Task(
            id=upload_of(request.file_url),
            app=caller.app.id,
            environment=environment.id,
            short_name=request.use_short_name,
            created_at=self._clock(),
        )
        task = await asyncio.to_thread(self._created, wanted)
        same = msgspec.structs.replace(
            task, created_at=wanted.created_at, line=0, ended_at=wanted.ended_at
        )
        if same != wanted:
            raise Fault(INVALID_PARAMETER, "file_url is another task's")
        self._new.set()
        return msgspec.json.encode(TaskCreated(query_id=link.written(task.id)))

    async def lines(
        self, caller: Caller, query_id: str, offset: int, most: int
    ) -> tuple[Task, int, list[DoneRecord]]:
        """A task of the caller's, how many of its lines are done, and a page of them. Raises Fault."""
        try:
            wanted = link.read(query_id)
        except NotFound:
            raise _no_such_task() from None
        return await asyncio.to_thread(self._lines, caller.app.id, wanted, offset, most)

    def _created(self, wanted: Task) -> Task:
        desk = self._desk()
        try:
            if desk.owner_of_upload(wanted.id) != wanted.app:
                raise Fault(INVALID_PARAMETER, "file_url names no file of this app's")
            return desk.add_task(wanted)
        finally:
            desk.close()

    def _lines(
        self, app: int, wanted: int, offset: int, most: int
    ) -> tuple[Task, int, list[DoneRecord]]:
        desk = self._desk()
        try:
            task = desk.task(wanted)
            if task is None or task.app != app:
                raise _no_such_task()
            count, found = desk.lines_of_task(wanted, offset, most, self._store.directory)
            return task, count, found
        finally:
            desk.close()


def _no_such_task() -> Fault:
    return Fault(INVALID_PARAMETER, "QueryId not exist")
