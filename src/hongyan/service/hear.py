"""Hear: a text that somebody sent back (MO) becomes a reply of the app that had texted them."""

from typing import Final

from hongyan.core import opt_out, text
from hongyan.core.command import Hear, Heard, Reply
from hongyan.core.errors import HongyanError, NotFound
from hongyan.core.identifier import MessageId
from hongyan.core.mark import Mark
from hongyan.core.time import DAY, Millis
from hongyan.service.accept import PHONE
from hongyan.service.ports import Clock, Sealer, Store
from hongyan.service.recording import Origin

LONGEST: Final = 1_000
"""A reply of more characters is none that a handset sends."""
_ANSWERED_WITHIN: Final[Millis] = 7 * DAY
"""After that a text is not what somebody answers, unless they are known to."""
_LOOKED_AT: Final = 20
"""Texts of each app."""


class Hearing:
    """Takes what comes back, from whichever network it is heard."""

    def __init__(self, store: Store, sealer: Sealer, clock: Clock) -> None:
        self._store = store
        self._sealer = sealer
        self._clock = clock

    async def hear(
        self,
        to: str,
        words: str,
        *,
        message: MessageId | None = None,
        at: Millis = 0,
        extend: str = "",
        signature: str = "",
    ) -> Reply:
        """What it was taken for, once it is on disk. `to`: the canonical number of whoever sent it.
        `message`: the text that it answers, where that is known; else the newest to this number, of those
        under `signature` if there is any. `at`: when it was sent; else now.

        Raises InvalidText and TextTooLong, NotFound where no text went to that number, and NotAccepted.
        """
        text.require_showable(words, LONGEST)
        mark = self._sealer.mark(PHONE, to.encode())
        found = await self._origin(message, mark, signature)
        reply = Reply(
            id=self._store.next_id(),
            account=found.account,
            app=found.app,
            phone=to,
            phone_mark=mark,
            text=words,
            at=at or self._clock(),
            signature=found.signature,
            extend=extend,
            opts_out=opt_out.is_opt_out(words),
        )
        answer = await self._store.accept(Hear(reply))
        if isinstance(answer, HongyanError):
            raise answer
        assert isinstance(answer, Heard)  # noqa: S101 - the fold answers a Hear so
        return reply

    async def _origin(self, message: MessageId | None, mark: Mark, signature: str) -> Origin:
        if message is None:
            message = await self._newest(mark, signature)
        found = None if message is None else await self._store.origin(message)
        if found is None or found.phone_mark != mark:
            raise NotFound("No such text went to this number.")
        return found

    async def _newest(self, mark: Mark, signature: str) -> MessageId | None:
        """Of the apps whose texts are found by number. Whoever opts out of one account's texts must not be
        taken for an answer to another's that came later.
        """
        now = self._clock()
        newest = []
        for app in self._store.directory.apps.values():
            if app.tencent or app.wechat:
                since, until = now - _ANSWERED_WITHIN, now + 1
                newest += await self._store.texts_to(app.id, mark, since, until, _LOOKED_AT)
        meant = [one for one in newest if signature and text.signature_of(one.text)[0] == signature]
        return max((one.id for one in meant or newest), default=None)
