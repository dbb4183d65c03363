"""Notify: tell apps' callback addresses what became of their messages, each in the form it is set to.

Here a post a message, of those that the app gave a name to; the other form is in `push`.
"""

import asyncio
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import Annotated, Final
from urllib.parse import urlencode

import msgspec
import structlog
from msgspec import Meta

from hongyan.core import phone, text
from hongyan.core.errors import NotAccepted
from hongyan.core.identifier import written
from hongyan.core.time import MINUTE, SECOND, Millis
from hongyan.service.courier import Courier
from hongyan.service.directory import App, Directory, Form
from hongyan.service.ports import Clock, MessageRecord, Owed, Reported, Store
from hongyan.service.push import Pusher, Telling
from hongyan.wire import callback, zhenzi

WAITS: Final[tuple[Millis, ...]] = (
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    60 * MINUTE,
    60 * MINUTE,
)
"""After each failure (policy row 38); after the last one it is given up, for a person to see."""

_LEASE: Final[Millis] = 2 * MINUTE
_MOST: Final = 32
"""Posts at once."""
_MOST_OF_AN_APP: Final = 8
"""The same of one app. One whose last post failed has a single place until it takes one: a receiver
that hangs holds no more, however much it is owed."""
_IDLE_S: Final = 0.5
_FORM: Final = "application/x-www-form-urlencoded;charset=UTF-8"
_log: Final = structlog.get_logger()


def sent_text(record: MessageRecord, title: str, reference: str) -> zhenzi.SentText:
    """A message as its app is told of it: text and number masked, no signature before the text."""
    return zhenzi.SentText(
        message=text.signature_of(record.text)[1],
        appName=title,
        createTime=zhenzi.written_time(record.accepted_at),
        status=zhenzi.status_word(record.status),
        toNumber=phone.masked(record.phone),
        messageId=reference,
    )


class CallbackSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[callbacks]` in the configuration."""

    timeout_s: Annotated[float, Meta(ge=0.1, le=60)] = 10
    loopback_http: bool = False
    """Also http://, and addresses of this machine. `dev` only: `serve` refuses to start with it."""


class Notifier:
    """Pays what apps are owed, the next one when there is a place for it."""

    def __init__(self, store: Store, courier: Courier, clock: Clock) -> None:
        self._store = store
        self._courier = courier
        self._clock = clock
        self._held: Counter[int] = Counter()
        """App → its posts under way."""
        self._failing: set[int] = set()
        """Apps that did not take the last post."""
        self._ended = asyncio.Event()
        """A post has, since places were counted."""
        self._pusher = Pusher(store, courier, clock)
        self._directory: Directory | None = None
        self._others: dict[int, int] = {}
        """Apps of that directory that get no post a message: there is no place for any."""

    async def run(self) -> None:
        """For ever."""
        async with asyncio.TaskGroup() as posts:
            while True:
                await self._begin_or_wait(posts)

    async def notify(self) -> bool:
        """Hand over what is due, as far as there is a place, and wait; whether there was any."""
        async with asyncio.TaskGroup() as posts:
            return await self._begin(posts)

    async def _begin_or_wait(self, posts: asyncio.TaskGroup) -> None:
        try:
            if not await self._begin(posts):
                await self._place()
        except NotAccepted:
            await asyncio.sleep(_IDLE_S)
        except Exception:  # noqa: BLE001 - one bad claim must not end all reports
            _log.exception("notify.failed")
            await asyncio.sleep(_IDLE_S)

    async def _begin(self, posts: asyncio.TaskGroup) -> bool:
        """Begin what is due and has a place; whether there was any."""
        self._ended.clear()
        reported = await self._begin_reports(posts)

        def start(telling: Telling) -> None:
            posts.create_task(telling).add_done_callback(lambda _: self._ended.set())

        return await self._pusher.begin(start) or reported

    async def _begin_reports(self, posts: asyncio.TaskGroup) -> bool:
        room = _MOST - self._held.total()
        if room <= 0:
            return False
        due = await self._store.claim_reports(room, _LEASE, _MOST_OF_AN_APP, self._bounds())
        for owed in due:
            self._held[owed.app] += 1
            task = posts.create_task(self._report(owed))
            task.add_done_callback(partial(self._leave, owed.app))
        return bool(due)

    def _bounds(self) -> dict[int, int]:
        """How many more posts these apps may have; the others have none yet."""
        if self._directory is not self._store.directory:
            self._directory = self._store.directory
            self._others = {
                app.id: 0 for app in self._directory.apps.values() if not _has_a_post_each(app)
            }
        bounds = {app: _MOST_OF_AN_APP - held for app, held in self._held.items()}
        return bounds | {app: 1 - self._held[app] for app in self._failing} | self._others

    def _leave(self, app: int, _task: "asyncio.Task[None]") -> None:
        self._held[app] -= 1
        if not self._held[app]:
            del self._held[app]
        self._ended.set()

    async def _place(self) -> None:
        """Until a post has ended, or it is time to look what has become due."""
        # Not asyncio.wait_for: on Python 3.11 it can swallow a cancellation.
        with suppress(TimeoutError):
            async with asyncio.timeout(_IDLE_S):
                await self._ended.wait()

    async def _report(self, owed: Owed) -> None:
        try:
            failure = await self._told(owed)
        except Exception as error:  # noqa: BLE001 - one bad row must not end all reports
            _log.exception("callback.failed", message=written(owed.message))
            failure = f"It could not be told: {type(error).__name__}."
        try:
            await self._store.reported([self._came_of(owed, failure)])
        except NotAccepted:
            pass  # It is told again when the lease ends, under the same event.
        except Exception:  # noqa: BLE001 - as above
            _log.exception("notify.failed")

    def _came_of(self, owed: Owed, failure: str) -> Reported:
        if not failure:
            return Reported(owed.message)
        if owed.attempts < len(WAITS):
            return Reported(owed.message, failure, self._clock() + WAITS[owed.attempts])
        event = written(owed.message)
        _log.error("callback.given_up", app=owed.app_name, message=event, reason=failure)
        return Reported(owed.message, failure)

    async def _told(self, owed: Owed) -> str:
        """Why the app did not take it; empty when it did."""
        if owed.record is None:
            return owed.failure
        app = self._store.directory.apps[owed.app_name]
        if app.callback is None:
            return "The app has no callback address any more."
        told = msgspec.structs.asdict(sent_text(owed.record, app.title, owed.reference))
        body = urlencode(told).encode()
        seconds, event = self._clock() // SECOND, written(owed.message)
        headers = callback.signed(app.callback.secret, seconds, event, body)
        headers |= {"content-type": _FORM}
        failure = await self._courier.post(app.callback.url, headers, body)
        (self._failing.add if failure else self._failing.discard)(app.id)
        return failure


def _has_a_post_each(app: App) -> bool:
    """Whether its messages are told one by one. Without a callback those of an app that may ask for
    them wait until it does.
    """
    if app.callback is None:
        return app.tencent is None
    return app.callback.form is Form.ZHENZI
