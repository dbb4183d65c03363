"""Daily totals: the most texts that an app sends in a natural day of Beijing, in all and by where they go.

What was sent is counted under a key of the app, the day and what is counted, as one whole number, so
that a store finds it by its key and lets go of past days in order.
"""

from collections.abc import Iterator
from typing import Annotated, Final, NewType

import msgspec
from msgspec import Meta

from hongyan.core.mark import Mark
from hongyan.core.phone import MAINLAND
from hongyan.core.time import Millis, day_of

Total = NewType("Total", int)
"""The key of what an app has sent in a day: day, app and what is counted, in 63 bits."""

MOST: Final = 1_000_000_000
Most = Annotated[int, Meta(ge=0, le=MOST)]
"""Texts; 0 for no cap."""

_IN_ALL, _MAINLAND, _ABROAD, _FIRST_COUNTRY = range(4)
_LETTERS: Final = 26
_WHAT_BITS: Final = 10
_APP_BITS: Final = 37


class Cap(msgspec.Struct, frozen=True, gc=False):
    """At most so many texts of an app in a day, of those that it counts."""

    app: int
    what: int
    window: str
    most: int

    def total(self, now: Millis) -> Total:
        """Where they are counted now."""
        return Total(first_total(now) | self.app << _WHAT_BITS | self.what)


class Caps(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an app may send in a day, and where it never sends."""

    in_all: Most = 0
    mainland: Most = 0
    abroad: Most = 0
    """Everywhere else."""
    countries: tuple[tuple[str, Most], ...] = ()
    """To each of these, by its ISO 3166 code."""
    never: frozenset[str] = frozenset()
    """Countries that it never texts, though they be open to it."""

    @property
    def counts(self) -> bool:
        """Whether any text needs to be counted."""
        return bool(self.in_all or self.mainland or self.abroad or self.countries)

    def of(self, app: int, iso_code: str) -> tuple[Cap, ...]:
        """What a text to a country is measured by, the narrowest first."""
        return tuple(
            [
                Cap(app, what, window, most)
                for what, window, most in self._measures(iso_code)
                if most
            ]
        )

    def _measures(self, iso_code: str) -> Iterator[tuple[int, str, int]]:
        for country, most in self.countries:
            if country == iso_code:
                yield _place(country), COUNTRY_DAY, most
        if iso_code == MAINLAND:
            yield _MAINLAND, MAINLAND_DAY, self.mainland
        else:
            yield _ABROAD, ABROAD_DAY, self.abroad
        yield _IN_ALL, APP_DAY, self.in_all


NO_CAPS: Final = Caps()

APP_DAY: Final = "app-day"
MAINLAND_DAY: Final = "app-day-mainland"
ABROAD_DAY: Final = "app-day-abroad"
COUNTRY_DAY: Final = "app-day-country"
"""The names of the windows; each has a code of its own in Tencent's protocol."""


def first_total(at: Millis) -> Total:
    """No key of its day or of a later one is smaller."""
    return Total(day_of(at) << _APP_BITS + _WHAT_BITS)


def as_hit(total: Total) -> tuple[Mark, int]:
    """A text that was counted there, among the events that it gives back if it is surely never sent:
    no mark is below 0.
    """
    return Mark(-total), 0


def total_of(mark: Mark) -> Total | None:
    """Of such an event; None for one of a limit."""
    return Total(-mark) if mark < 0 else None


def _place(country: str) -> int:
    first, second = (ord(letter) - ord("A") for letter in country)
    return _FIRST_COUNTRY + first * _LETTERS + second
