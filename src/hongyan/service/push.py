"""Push: tell apps in Tencent's form what became of their texts, many a post, and of replies, one a post.

What no try has brought over waits to be pulled. An app has one place for each of the two: what comes
while a post is under way goes with the next one, and a receiver that hangs holds no more of us.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from typing import Any, Final, TypeAlias

import structlog

from hongyan.core import country
from hongyan.core.command import Reply
from hongyan.core.errors import NotAccepted
from hongyan.core.identifier import written
from hongyan.core.message import Status
from hongyan.core.time import MINUTE, SECOND, Millis, beijing
from hongyan.service.courier import Courier
from hongyan.service.directory import App, Directory, Form
from hongyan.service.ports import Clock, MessageRecord, Owed, Reported, Store
from hongyan.service.recording import OwedReply, RepliedTo
from hongyan.wire import callback
from hongyan.wire.tencent import carrier, push

WAITS: Final[tuple[Millis, ...]] = (MINUTE, 5 * MINUTE)
"""After each failure; after the last one it waits to be pulled."""

_LEASE: Final[Millis] = 2 * MINUTE
_MOST: Final = 16
"""Posts at once."""
_REPLIES_A_TURN: Final = 32
_TURN: Final[Millis] = MINUTE
"""How long an app's replies are posted one after the other; those that are left wait for the end of
their lease."""
_RESULTS, _REPLIES = "results", "replies"
_JSON: Final = "application/json;charset=utf-8"
_EVENT_DIGITS: Final = 32
_log: Final = structlog.get_logger()

Work: TypeAlias = Callable[[], Awaitable[None]]
Telling: TypeAlias = Coroutine[Any, Any, None]
Start: TypeAlias = Callable[[Telling], object]
"""Has it done beside everything else."""


def is_pushed(app: App) -> bool:
    """Whether the app is told in this form."""
    return app.callback is not None and app.callback.form is Form.TENCENT


def receipt_of(record: MessageRecord, reference: str) -> push.Receipt:
    """What became of a text."""
    is_delivered = record.status is Status.DELIVERED
    word = carrier.word(record.receipt_code, is_delivered=is_delivered)
    nation = country.nation_code(record.phone)
    return push.Receipt(
        user_receive_time=beijing(record.settled_at),
        nationcode=nation,
        mobile=record.phone.removeprefix(f"+{nation}"),
        report_status=push.SUCCESS if is_delivered else push.FAIL,
        errmsg=word,
        description=carrier.CHINESE[carrier.meaning(word)],
        sid=push.serial_no(record.id),
        ext=reference,
    )


def pushed_reply(reply: Reply) -> push.Reply:
    """A reply, as it came."""
    nation = country.nation_code(reply.phone)
    return push.Reply(
        extend=reply.extend,
        mobile=reply.phone.removeprefix(f"+{nation}"),
        nationcode=nation,
        sign=reply.signature,
        text=reply.text,
        time=reply.at // SECOND,
    )


class Pusher:
    """A part of `notify.Notifier`, which gives it its turns and its places."""

    def __init__(self, store: Store, courier: Courier, clock: Clock) -> None:
        self._store = store
        self._courier = courier
        self._clock = clock
        self._busy: set[tuple[str, int]] = set()
        """What is under way, of which app."""
        self._last: dict[str, int] = {}
        """Whose turn was the last one."""

    async def begin(self, start: Start) -> bool:
        """Start what is due, as far as there are places; whether there was any."""
        directory = self._store.directory
        apps = {app.id: app for app in directory.apps.values() if is_pushed(app)}
        if not apps:
            return False
        begun = False
        for turn in self._turns(_RESULTS, apps):
            begun |= await self._begin_results(start, directory, turn)
        for turn in self._turns(_REPLIES, apps):
            begun |= await self._begin_replies(start, turn)
        return begun

    def _turns(self, what: str, apps: Mapping[int, App]) -> Iterator[Mapping[int, App]]:
        """All apps for which it is not under way, the last one's neighbour first; at a time as many as
        there are places.
        """
        last = self._last.get(what, 0)
        waiting = sorted(
            (app for app in apps if (what, app) not in self._busy),
            key=lambda app: (app <= last, app),
        )
        while waiting and (room := _MOST - len(self._busy)) > 0:
            turn, waiting = waiting[:room], waiting[room:]
            self._last[what] = turn[-1]
            yield {app: apps[app] for app in turn}

    async def _begin_results(
        self, start: Start, directory: Directory, apps: Mapping[int, App]
    ) -> bool:
        others = {app.id: 0 for app in directory.apps.values() if app.id not in apps}
        most = push.MOST_A_PUSH * len(apps)
        owed: dict[int, list[Owed]] = {}
        for one in await self._store.claim_reports(most, _LEASE, push.MOST_A_PUSH, others):
            owed.setdefault(one.app, []).append(one)
        # Of an app that is newer than the directory they wait for the end of the lease.
        for app in owed.keys() & apps.keys():
            self._start(start, (_RESULTS, app), partial(self._tell_results, apps[app], owed[app]))
        return bool(owed)

    async def _begin_replies(self, start: Start, apps: Mapping[int, App]) -> bool:
        owed: dict[int, list[OwedReply]] = {}
        for one in await self._store.claim_replies(list(apps), _REPLIES_A_TURN, _LEASE):
            owed.setdefault(one.reply.app, []).append(one)
        for app, replies in owed.items():
            self._start(start, (_REPLIES, app), partial(self._tell_replies, apps[app], replies))
        return bool(owed)

    def _start(self, start: Start, place: tuple[str, int], work: Work) -> None:
        """The place is held until all is told."""
        self._busy.add(place)

        async def tell() -> None:
            try:
                await work()
            except NotAccepted:
                pass  # It is told again when the lease ends.
            except Exception:  # noqa: BLE001 - one bad row must not end all telling
                _log.exception("notify.failed")
            finally:
                self._busy.discard(place)

        start(tell())

    async def _tell_results(self, app: App, owed: Sequence[Owed]) -> None:
        """One post. What cannot be read is not in it, and tried again by itself."""
        receipts = [receipt_of(one.record, one.reference) for one in owed if one.record]
        failure = ""
        if receipts:
            body = push.written_receipts(receipts)
            event = sha256(body).hexdigest()[:_EVENT_DIGITS]
            failure = await self._posted(app, event, body)
        told = [self._came_of(one, failure if one.record else one.failure) for one in owed]
        given_up = [one for one in told if one.failure and not one.due_at]
        if given_up:
            _log.error(
                "callback.given_up",
                app=app.name,
                message=written(given_up[0].message),
                messages=len(given_up),
                reason=given_up[0].failure,
            )
        await self._store.reported(told)

    async def _tell_replies(self, app: App, owed: Sequence[OwedReply]) -> None:
        """One after the other, in the order in which they came, as far as they are taken."""
        until = self._clock() + _TURN
        for one in owed:
            body = push.written_reply(pushed_reply(one.reply))
            event = written(one.reply.id)
            failure = await self._posted(app, event, body)
            due_at = self._again_at(failure, one.attempts)
            if failure and not due_at:
                _log.error("callback.given_up", app=app.name, reply=event, reason=failure)
            await self._store.replied([RepliedTo(one.reply.id, failure, due_at)])
            if failure or self._clock() >= until:
                return

    def _came_of(self, one: Owed, failure: str) -> Reported:
        return Reported(one.message, failure, self._again_at(failure, one.attempts))

    def _again_at(self, failure: str, attempts: int) -> Millis:
        """0 where it is not tried again."""
        if not failure or attempts >= len(WAITS):
            return 0
        return self._clock() + WAITS[attempts]

    async def _posted(self, app: App, event: str, body: bytes) -> str:
        """Why the app did not take it; empty when it did."""
        if app.callback is None:
            return "The app has no callback address any more."
        headers = callback.signed(app.callback.secret, self._clock() // SECOND, event, body)
        headers |= {"content-type": _JSON}
        return await self._courier.post(app.callback.url, headers, body, push.is_taken)
