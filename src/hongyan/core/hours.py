"""Hours: when marketing may be sent, and when people review. All of them are Beijing's."""

from typing import Final

import msgspec

from hongyan.core.time import DAY, HOUR, MINUTE, Millis, day_of, next_midnight

MOST_MINUTES: Final = 24 * 60
_THURSDAY: Final = 3
"""1970-01-01, when Monday is 0."""
_SATURDAY: Final = 5
_OPENS: Final = 9 * HOUR
_CLOSES: Final = 21 * HOUR
_CLOSES_AT_WEEKENDS: Final = 18 * HOUR
_LONGEST_HOLIDAY: Final = 60
REVIEW: Final = 2 * HOUR
"""Of working time, that a review takes."""


class Hours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The part of a day in which marketing may be sent, in minutes; its end is not in it."""

    opens_min: int = 8 * 60
    closes_min: int = 22 * 60

    def __post_init__(self) -> None:
        if not 0 <= self.opens_min < self.closes_min <= MOST_MINUTES:
            raise ValueError("Hours open before they close, within one day.")

    def __str__(self) -> str:
        """As it is told and written: `08:00-22:00`."""
        (opens, opens_min), (closes, closes_min) = (
            divmod(minutes, 60) for minutes in (self.opens_min, self.closes_min)
        )
        return f"{opens:02}:{opens_min:02}-{closes:02}:{closes_min:02}"

    def is_open(self, at: Millis) -> bool:
        return self.opens_min <= _into_day(at) // MINUTE < self.closes_min

    def opens_at(self, at: Millis) -> Millis:
        """`at` itself while it is open, else when it will be next."""
        if self.is_open(at):
            return at
        midnight = next_midnight(at) - DAY
        opens = midnight + self.opens_min * MINUTE
        return opens if opens > at else opens + DAY

    def is_within(self, other: "Hours") -> bool:
        """Whether these are no wider than others: an app's may only be narrower than the law's."""
        return other.opens_min <= self.opens_min and self.closes_min <= other.closes_min


LAWFUL: Final = Hours()
"""08:00-22:00."""
ALWAYS: Final = Hours(0, MOST_MINUTES)
"""For development only."""


def reviews_at(at: Millis, holidays: frozenset[int] = frozenset()) -> bool:
    """Whether reviewers work: Monday to Friday 9-21, at weekends 9-18, on no holiday.

    Holidays are numbers of days, as `day_of` counts them.
    """
    opens, closes = _desk(day_of(at), holidays)
    return opens <= _into_day(at) < closes


def reviewed_by(
    submitted: Millis, needed: Millis = REVIEW, holidays: frozenset[int] = frozenset()
) -> Millis:
    """When a review may be expected to end that takes this much working time."""
    day, at = day_of(submitted), _into_day(submitted)
    for following in range(_LONGEST_HOLIDAY):
        opens, closes = _desk(day + following, holidays)
        begins = max(opens, at) if following == 0 else opens
        if closes - begins >= needed > 0:
            return _midnight(submitted) + following * DAY + begins + needed
        needed -= max(closes - begins, 0)
    return _midnight(submitted) + _LONGEST_HOLIDAY * DAY


def _desk(day: int, holidays: frozenset[int]) -> tuple[Millis, Millis]:
    """(opens, closes) within a day."""
    if day in holidays:
        return 0, 0
    is_weekend = (day + _THURSDAY) % 7 >= _SATURDAY
    return _OPENS, _CLOSES_AT_WEEKENDS if is_weekend else _CLOSES


def _midnight(at: Millis) -> Millis:
    return next_midnight(at) - DAY


def _into_day(at: Millis) -> Millis:
    return at - _midnight(at)
