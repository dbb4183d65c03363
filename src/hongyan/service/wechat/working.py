"""Working: tasks are done line by line, by whoever is there to do them.

A line is texted under a name of its own, which the store takes once; and which lines are done is written
after each handful. So a task whose process was killed goes on where it was, and nobody is texted twice.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Final, TypeVar

import msgspec
import structlog

from hongyan.core import link, phone
from hongyan.core.command import Queued
from hongyan.core.errors import NotAccepted
from hongyan.core.identifier import MessageId
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND, Millis
from hongyan.service.accept import Addressed, once_mark
from hongyan.service.directory import App
from hongyan.service.ports import Administration
from hongyan.service.serving import Serving
from hongyan.service.tasks import Done, Task
from hongyan.service.website import Websites
from hongyan.service.wechat.composing import Composer, signature_of
from hongyan.service.wechat.leading import Leading
from hongyan.service.wechat.sending import told
from hongyan.service.wechat.tasking import KEPT
from hongyan.wire.wechat import task as csv
from hongyan.wire.wechat.fault import Fault
from hongyan.wire.wechat.requests import EXAMPLE_NUMBER

LEASE: Final[Millis] = 20 * SECOND
"""How long nobody else takes up a task whose process says nothing more of it."""

_AT_ONCE: Final = 4
"""Tasks of one process: a short one does not wait for a long one to end."""
_EVERY_S: Final = 10.0
_HANDFUL: Final = 200
"""Lines that are sent together: others have turns in between."""
_LATER: Final[Millis] = 5 * SECOND
_CLOSED: Final[Millis] = MINUTE
_UNWANTED: Final[Millis] = DAY
"""How long a file is kept for which nobody makes a task."""
_SLICE: Final = 100
_log: Final = structlog.get_logger()

T = TypeVar("T")


class Worker:
    """Does the tasks of a house, in one process of it."""

    def __init__(self, serving: Serving, websites: Websites) -> None:
        self._store = serving.store
        self._desk = serving.desk
        self._clock = serving.clock
        self._sealer = serving.sealer
        self._acceptance = serving.acceptance
        self._in_development = serving.in_development
        self._new = serving.new_tasks
        self._leading = Leading(websites, serving.clock)
        self._composer = Composer(websites, self._leading, serving.chance)
        self._working: set[asyncio.Task[None]] = set()
        self._forgotten_at: Millis = 0

    async def run(self, *, alone: bool) -> None:
        """For as long as the process serves. `alone`: nobody else can be at a task."""
        if alone:
            await self._safely(lambda desk: desk.free_tasks())
        try:
            while True:
                self._new.clear()
                await self._safely(self._forget)
                while len(self._working) < _AT_ONCE and (task := await self._claimed()):
                    self._begin(task)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_EVERY_S):
                        await self._new.wait()
        finally:
            for one in self._working:
                one.cancel()
            await asyncio.gather(*self._working, return_exceptions=True)

    def _begin(self, task: Task) -> None:
        working = asyncio.create_task(self._guarded(task), name="task")
        self._working.add(working)
        working.add_done_callback(self._ended)

    def _ended(self, working: "asyncio.Task[None]") -> None:
        self._working.discard(working)
        self._new.set()

    async def _guarded(self, task: Task) -> None:
        try:
            await self.work(task)
        except Exception:  # noqa: BLE001 - one task must not end all others; its lease ends by itself
            _log.exception("task.failed", task=link.written(task.id))

    async def work(self, task: Task) -> None:
        """Do a task to its end, or until it must wait."""
        reader = csv.Task(self._canonical)
        taken_up, number = True, 0
        while True:
            try:
                read = await asyncio.to_thread(self._read, reader, task.id, number)
            except csv.UnusableFile as error:
                done = Done(task.line + 1, reason=str(error))
                await self._at_desk(partial(_end, task=task, done=[done]))
                return
            if read is None:
                await self._at_desk(partial(_end, task=task, done=[]))
                return
            number += 1
            lines = iter([one for one in read if one.number > task.line])
            while handful := list(islice(lines, _HANDFUL)):
                advanced = await self._advanced(task, handful, taken_up=taken_up)
                if advanced is None:
                    return
                task, taken_up = advanced, False

    def _read(self, reader: csv.Task, upload: int, number: int) -> list[csv.Read] | None:
        """The lines of a piece; of what follows the last piece, those that it has left; then None."""
        desk = self._desk()
        try:
            piece = desk.piece(upload, number)
            if piece is not None:
                return reader.feed(piece)
        finally:
            desk.close()
        return reader.end() or None

    async def _advanced(
        self, task: Task, lines: Sequence[csv.Read], *, taken_up: bool
    ) -> Task | None:
        """The task with these lines done; None where it must wait, or is somebody else's by now."""
        app = self._app(task)
        until = self._closed_until(app)
        if app is None or until:
            await self._put_off(task, until)
            return None
        try:
            done = await self._done(task, app, lines, taken_up=taken_up)
        except NotAccepted:
            await self._put_off(task, self._clock() + _LATER)
            return None
        last = lines[-1].number
        return await self._at_desk(lambda desk: desk.advance_task(task, last, done, LEASE))

    async def _done(
        self, task: Task, app: App, lines: Sequence[csv.Read], *, taken_up: bool
    ) -> list[Done]:
        """What became of each line. Raises NotAccepted."""
        done: list[Done] = []
        texts: list[tuple[int, Addressed]] = []
        for one in lines:
            if isinstance(one, csv.BadLine):
                done.append(Done(one.number, reason=one.reason))
                continue
            # Whoever was at it before may have got further than is written.
            sent = await self._sent(task, app, one.number) if taken_up else None
            if sent is not None:
                done.append(Done(one.number, sent))
                continue
            try:
                texts.append((one.number, self._addressed(task, app, one)))
            except Fault as fault:
                done.append(Done(one.number, reason=_in_words(fault)))
        became = await self._acceptance.take(app, [text for _, text in texts]) if texts else []
        for (number, _), one_became in zip(texts, became, strict=True):
            if isinstance(one_became, Queued):
                done.append(Done(number, one_became.id))
            elif (sent := await self._sent(task, app, number)) is not None:
                done.append(Done(number, sent))
            else:
                status = told("", one_became)
                done.append(Done(number, reason=f"{status.code}: {status.message}"))
        return done

    async def _sent(self, task: Task, app: App, line: int) -> MessageId | None:
        return await self._store.find(once_mark(self._sealer, app, _name(task, line)))

    def _addressed(self, task: Task, app: App, one: csv.Line) -> Addressed:
        """Raises Fault."""
        environment = self._store.directory.environments.get(task.environment)
        if environment is None or environment.app != app.id:
            raise Fault(-601027)
        signature = signature_of(app, use_short_name=task.short_name)
        leads = self._leading.leads(environment, one.page.path)
        composed = self._composer.marketing(signature, one.content, leads, app)
        (text,) = self._composer.addressed(composed, [one.phone])
        return msgspec.structs.replace(text, reference=_name(task, one.number), once=True)

    def _app(self, task: Task) -> App | None:
        found = self._store.directory.apps.values()
        return next((app for app in found if app.id == task.app), None)

    def _closed_until(self, app: App | None) -> Millis:
        """When to try again where it may send nothing now; 0 where it may."""
        now = self._clock()
        if app is None or not app.enabled or not app.account.open:
            return now + _CLOSED
        opens = app.hours.opens_at(now)
        return opens if opens > now else 0

    def _canonical(self, number: str) -> str:
        if self._in_development and number == EXAMPLE_NUMBER:
            return number
        return phone.canonical(number)

    # The store

    async def _claimed(self) -> Task | None:
        return await self._safely(lambda desk: desk.claim_task(LEASE))

    async def _put_off(self, task: Task, until: Millis) -> None:
        await self._at_desk(lambda desk: desk.put_off_task(task, until))

    def _forget(self, desk: Administration) -> None:
        now = self._clock()
        if now - self._forgotten_at >= HOUR:
            left = desk.forget_tasks(now - _UNWANTED, now - KEPT, _SLICE)
            self._forgotten_at = 0 if left >= _SLICE else now

    async def _safely(self, work: Callable[[Administration], T]) -> T | None:
        """None where the store is away: it is asked again."""
        try:
            return await self._at_desk(work)
        except Exception as error:  # noqa: BLE001 - the tasks wait, and so does this
            _log.warning("task.store_away", reason=type(error).__name__)
            return None

    async def _at_desk(self, work: Callable[[Administration], T]) -> T:
        return await asyncio.to_thread(self._worked, work)

    def _worked(self, work: Callable[[Administration], T]) -> T:
        desk = self._desk()
        try:
            return work(desk)
        finally:
            desk.close()


def _end(desk: Administration, task: Task, done: Sequence[Done]) -> None:
    desk.end_task(task, done)


def _name(task: Task, line: int) -> str:
    """What a line is texted under."""
    return f"{link.written(task.id)}:{line}"


def _in_words(fault: Fault) -> str:
    return f"{fault.errcode}: {fault.errmsg('').removesuffix(' rid: ')}"
