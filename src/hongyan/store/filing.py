"""Filing: where a text is found by its number, by what its app calls it, and among its app's, once it
is no longer new.
"""

from collections.abc import Collection, Iterable
from typing import Final

from hongyan.core.identifier import MessageId, first_id, made_at
from hongyan.core.time import DAY, Millis
from hongyan.store.rows import Row

FILED_TO: Final = "texts_filed_to"
"""The meta key of the newest message that has been looked at."""

_TOGETHER: Final = 32
"""Days whose references are filed together: who looks for one looks once for each so many days."""
_LAST: Final[MessageId] = MessageId((1 << 63) - 1)


def by_number(texts: Iterable[Row], apps: Collection[int]) -> list[Row]:
    """(app, day, mark, message) of those (message, app, mark) that are filed, in the table's order."""
    return sorted(
        (app, made_at(message) // DAY, mark, message) for message, app, mark in texts if app in apps
    )


def by_time(texts: Iterable[Row], apps: Collection[int]) -> list[Row]:
    """(app, message), likewise."""
    return sorted((app, message) for message, app, _ in texts if app in apps)


def span_of(since: Millis, until: Millis) -> tuple[MessageId, MessageId]:
    """The ids of `[since, until)`, whatever moments these are."""
    return _first(since), _first(until)


def days_of(first: MessageId, end: MessageId) -> tuple[int, int]:
    """The newest and the oldest day of such ids."""
    return made_at(end) // DAY, made_at(first) // DAY


def day_of_reference(message: MessageId) -> int:
    """The day under which what an app calls a message is filed."""
    day = made_at(message) // DAY
    return day - day % _TOGETHER


def _first(moment: Millis) -> MessageId:
    return min(first_id(moment), _LAST)
