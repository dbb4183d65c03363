"""Mirror: the limits of the platform that we have met, so that a closed window is not asked again.

How narrow the windows are is set there, for each app. So a mirror begins with the first refusal, and
ends when the window must be open again, by what we have sent ourselves; where that does not tell, it
ends soon, and the platform is asked.

Keys are hashes of this process: no number stands here.
"""

from collections import deque
from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

import msgspec

from hongyan.core.time import HOUR, MINUTE, SECOND, Millis, next_midnight

_MOST: Final = 50_000
"""Entries of each kind; the oldest go first."""
_ASK_AGAIN: Final[Millis] = 5 * MINUTE
_ABROAD: Final = ("abroad",)
_MAINLAND: Final = ("mainland",)
_APP: Final = ("app",)


class _Of(Enum):
    """What a limit counts."""

    TEXT = auto()
    """One text to one number."""
    NUMBER = auto()
    APP = auto()
    MAINLAND = auto()
    ABROAD = auto()


class _Limit(msgspec.Struct, frozen=True):
    of: _Of
    span: Millis = 0
    """0: until midnight in Beijing."""
    rolls: bool = False
    """Whether it counts several in any such span; else it is a distance between two."""


_PREFIX: Final = "LimitExceeded."
_LIMITS: Final[Mapping[str, _Limit]] = {
    f"{_PREFIX}PhoneNumberThirtySecondLimit": _Limit(_Of.TEXT, 30 * SECOND),
    f"{_PREFIX}PhoneNumberSameContentDailyLimit": _Limit(_Of.TEXT),
    f"{_PREFIX}DeliveryFrequencyLimit": _Limit(_Of.NUMBER, MINUTE),
    f"{_PREFIX}PhoneNumberOneHourLimit": _Limit(_Of.NUMBER, HOUR, rolls=True),
    f"{_PREFIX}PhoneNumberDailyLimit": _Limit(_Of.NUMBER),
    f"{_PREFIX}AppCountryOrRegionDailyLimit": _Limit(_Of.NUMBER),
    f"{_PREFIX}AppDailyLimit": _Limit(_Of.APP),
    f"{_PREFIX}AppMainlandChinaDailyLimit": _Limit(_Of.MAINLAND),
    f"{_PREFIX}AppGlobalDailyLimit": _Limit(_Of.ABROAD),
    f"{_PREFIX}DailyLimit": _Limit(_Of.ABROAD),
}


class Text(msgspec.Struct, frozen=True):
    """What limits know of a text."""

    number: int
    text: int
    abroad: bool


def text_of(phone: str, content: object) -> Text:
    return Text(hash(phone), hash((phone, content)), not phone.startswith("+86"))


class Mirror:
    """Of one app there, in one process."""

    def __init__(self) -> None:
        self._closed: dict[object, tuple[Millis, str]] = {}
        self._sent: dict[int, deque[Millis]] = {}
        """When texts went, of the last hour: to a number, or one text to it."""

    def closed(self, text: Text, now: Millis) -> tuple[Millis, str]:
        """(until when, by which code) it would be refused; (0, "") while nothing is known."""
        found = (0, "")
        for key in _keys(text):
            until, code = self._closed.get(key, (0, ""))
            if until <= now:
                self._closed.pop(key, None)
            else:
                found = max(found, (until, code))
        return found

    def sent(self, text: Text, now: Millis) -> None:
        """It took this one."""
        for key in (text.number, text.text):
            times = self._sent.pop(key, None) or deque()
            times.append(now)
            while times[0] <= now - HOUR:
                times.popleft()
            self._sent[key] = times
        while len(self._sent) > _MOST:
            del self._sent[next(iter(self._sent))]

    def refused(self, code: str, text: Text, now: Millis) -> Millis | None:
        """When such a text may be taken again; None for a code that is no such limit."""
        limit = _LIMITS.get(code)
        if limit is None:
            return None
        until, is_sure = self._opens(limit, text, now)
        key = {
            _Of.TEXT: text.text,
            _Of.NUMBER: text.number,
            _Of.APP: _APP,
            _Of.MAINLAND: _MAINLAND,
            _Of.ABROAD: _ABROAD,
        }[limit.of]
        self._closed[key] = (until if is_sure else min(until, now + _ASK_AGAIN), code)
        while len(self._closed) > _MOST:
            del self._closed[next(iter(self._closed))]
        return until

    def _opens(self, limit: _Limit, text: Text, now: Millis) -> tuple[Millis, bool]:
        """(when, whether that is sure). What an app may send a day may be raised within the day."""
        if not limit.span:
            return next_midnight(now), limit.of in (_Of.TEXT, _Of.NUMBER)
        times = self._sent.get(text.text if limit.of is _Of.TEXT else text.number, ())
        counted = [at for at in times if at > now - limit.span]
        if not counted:
            return now + limit.span, False
        return (counted[0] if limit.rolls else counted[-1]) + limit.span, True


def _keys(text: Text) -> tuple[object, ...]:
    return (text.text, text.number, _APP, _ABROAD if text.abroad else _MAINLAND)
