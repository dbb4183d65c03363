"""The handset: what the sandbox phone shows. Numbers as chats, texts as they arrive."""

import asyncio
import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from hongyan.core import text as text_rules
from hongyan.core.message import Kind, Message
from hongyan.core.time import Millis
from hongyan.service.ports import Clock, HandsetText, Shelf

MOST_TEXTS: Final = 5_000
"""The oldest give way, as on any handset."""

_MOST_UNSEEN: Final = 500
_LOOK_S: Final = 0.05
_CODE: Final = re.compile(r"(?<!\d)\d{4,8}(?!\d)", re.ASCII)


class Handset:
    """Keeps the newest texts of all numbers, and tells who is waiting for one."""

    def __init__(self, shelf: Shelf, clock: Clock, *, shared: bool = False) -> None:
        """`shared`: other processes put texts on the shelf too, and `follow` is what finds them."""
        self._shelf = shelf
        self._clock = clock
        self._shared = shared
        self._texts: deque[HandsetText] = deque()
        self._by_phone: dict[str, list[HandsetText]] = {}
        self._waiters: dict[str, list[asyncio.Future[None]]] = {}
        self._listeners: set[asyncio.Queue[HandsetText | None]] = set()
        self._hung_up = False
        for text in shelf.load(MOST_TEXTS):
            self._keep(text)

    def deliver(self, messages: Sequence[Message]) -> None:
        """Texts arrive. They are on the shelf before anybody is told."""
        now = self._clock()
        texts = [HandsetText(one.id, one.phone, one.text, one.kind, now) for one in messages]
        self._shelf.put(texts)
        if not self._shared:
            for text in texts:
                self._show(text)

    async def follow(self) -> None:
        """Show what any process has put on the shelf, for ever. (A file that several may write to is
        looked at: this is for trials on one machine.)
        """
        while True:
            for text in self._shelf.news():
                self._show(text)
            await asyncio.sleep(_LOOK_S)

    def texts(self, phone: str = "") -> list[HandsetText]:
        """The texts of a number (or of all), newest first."""
        return list(reversed(self._by_phone.get(phone, ()) if phone else self._texts))

    async def latest(self, phone: str, *, after: int = 0, wait: Millis = 0) -> HandsetText | None:
        """The newest text of a number; with `after`, one newer than that. Waits up to `wait`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait / 1_000
        while (text := self._newest(phone, after)) is None:
            if self._hung_up or loop.time() >= deadline:
                return None
            waiter = loop.create_future()
            self._waiters.setdefault(phone, []).append(waiter)
            await asyncio.wait([waiter], timeout=deadline - loop.time())
            self._forget(phone, waiter)
        return text

    @contextmanager
    def listening(self) -> Iterator["Listener"]:
        """Every text that arrives from now on."""
        queue: asyncio.Queue[HandsetText | None] = asyncio.Queue()
        if self._hung_up:
            queue.put_nowait(None)
        self._listeners.add(queue)
        try:
            yield Listener(queue)
        finally:
            self._listeners.discard(queue)

    def hang_up(self) -> None:
        """The house is closing: whoever waits or listens may go."""
        self._hung_up = True
        for waiters in self._waiters.values():
            for waiter in waiters:
                waiter.cancel()
        for listener in self._listeners:
            listener.put_nowait(None)

    def _show(self, text: HandsetText) -> None:
        self._keep(text)
        for waiter in self._waiters.pop(text.phone, ()):
            if not waiter.done():
                waiter.set_result(None)
        for listener in self._listeners:
            if listener.qsize() < _MOST_UNSEEN:
                listener.put_nowait(text)

    def _keep(self, text: HandsetText) -> None:
        self._texts.append(text)
        self._by_phone.setdefault(text.phone, []).append(text)
        if len(self._texts) > MOST_TEXTS:
            oldest = self._texts.popleft()
            chat = self._by_phone[oldest.phone]
            del chat[0]
            if not chat:
                del self._by_phone[oldest.phone]

    def _newest(self, phone: str, after: int) -> HandsetText | None:
        chat = self._by_phone.get(phone, ())
        return next((text for text in reversed(chat) if text.id > after), None)

    def _forget(self, phone: str, waiter: "asyncio.Future[None]") -> None:
        waiters = self._waiters.get(phone, [])
        if waiter in waiters:
            waiters.remove(waiter)


class Listener:
    """An open ear; ends when the house closes."""

    def __init__(self, queue: "asyncio.Queue[HandsetText | None]") -> None:
        self._queue = queue

    async def next(self, timeout_s: float) -> HandsetText | None:
        """The next text; None when none came in time. Raises EOFError at the end."""
        try:
            async with asyncio.timeout(timeout_s):
                text = await self._queue.get()
        except TimeoutError:
            return None
        if text is None:
            raise EOFError
        return text


def signature_of(text: HandsetText) -> str:
    """What stands in 【】 before it; empty when nothing does."""
    return text_rules.signature_of(text.text)[0]


def code_of(text: HandsetText) -> str | None:
    """The code of a verification text: its first run of 4-8 digits."""
    if text.kind is not Kind.VERIFICATION and not text_rules.names_a_code(text.text):
        return None
    found = _CODE.search(text_rules.signature_of(text.text)[1])
    return found[0] if found else None
