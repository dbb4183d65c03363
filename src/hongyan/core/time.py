"""Time as the rules see it: whole milliseconds since 1970-01-01 UTC, always handed in."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, TypeAlias

Millis: TypeAlias = int
"""A moment, or a span, in whole milliseconds. The name of a span tells it (`lifetime`, `*_span`)."""

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_SHANGHAI: Final = 8 * HOUR
"""Asia/Shanghai has had no summer time since 1991, so its day is a fixed shift of the UTC day."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def day_of(at: Millis) -> int:
    """The number of the natural day in Asia/Shanghai."""
    return (at + _SHANGHAI) // DAY


def next_midnight(at: Millis) -> Millis:
    """When the natural day in Asia/Shanghai that holds `at` ends."""
    return (day_of(at) + 1) * DAY - _SHANGHAI


def rfc3339(at: Millis) -> str:
    """A moment as people and JSON write it: `2026-11-20T12:00:00.000Z`."""
    seconds, millis = divmod(at, SECOND)
    return f"{_to_the_second(seconds)}.{millis:03d}Z"


def beijing(at: Millis) -> str:
    """A moment as the platforms write it: `2026-11-20 20:00:00`, in Beijing."""
    moment = _EPOCH + timedelta(seconds=(at + _SHANGHAI) // SECOND)
    return f"{moment:%Y-%m-%d %H:%M:%S}"


@lru_cache(maxsize=4_096)
def _to_the_second(seconds: int) -> str:
    """Cached because the answers of a second all name the same few of them."""
    return f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}"
