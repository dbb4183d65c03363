"""Texting: texts by a reviewed template, to numbers at home and abroad, by Tencent's rules.

What the template makes of its values is worked out once; each number is then looked at alone. The
order of the checks is fixed: the number, the template, the template's scope, the country, the
signature, the account's kind, the hour, the values, the whole text.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum, auto
from typing import Final, TypeAlias

import msgspec

from hongyan.core import country, parameter, phone, text
from hongyan.core.country import UNKNOWN, Scope
from hongyan.core.errors import CountryClosed, Invalid, InvalidText, TextTooLong
from hongyan.core.fee import fee
from hongyan.core.lint.rule import Rulebook
from hongyan.core.message import Kind
from hongyan.core.parameter import Flaw
from hongyan.core.phone import COUNTRIES, MAINLAND
from hongyan.core.time import Millis
from hongyan.service.accept import Addressed
from hongyan.service.directory import App, Directory, Review, Template

PERSONAL: Final = "personal"
"""The kind of an account that may send no marketing."""

_LONGEST_VALUE: Final[Mapping[Rulebook, int]] = {
    Rulebook.DOCUMENT: parameter.LONGEST_VALUE,
    Rulebook.LIVE: 6,
}
"""https://cloud.tencent.com/document/product/382/39023: of accounts opened since 2024-01-25."""
_TEMPLATE_ID: Final = 18
"""Digits that an id has at most."""


class Obstacle(StrEnum):
    """Why a number gets no text, besides a flaw in the values."""

    NUMBER = auto()
    """It cannot be read as one that takes texts."""
    NO_COUNTRY = auto()
    """It belongs to none, such as a satellite's."""
    UNKNOWN_TEMPLATE = auto()
    UNAPPROVED_TEMPLATE = auto()
    TEST_TEMPLATE = auto()
    """It goes to the app's test numbers alone, until its end date."""
    TEMPLATE_FOR_MAINLAND = auto()
    TEMPLATE_FOR_ABROAD = auto()
    COUNTRY_CLOSED = auto()
    """To this app."""
    SIGNATURE = auto()
    INDIVIDUAL = auto()
    """A person's account sends no marketing."""
    HOURS = auto()
    TOO_LONG = auto()
    SENSITIVE = auto()


Why: TypeAlias = Obstacle | Flaw


class Asked(msgspec.Struct, frozen=True):
    """What a caller wants sent, whoever to."""

    template: str
    """Its id, as the caller wrote it."""
    values: tuple[str, ...]
    signature: str


class Rules(msgspec.Struct, frozen=True):
    """What the house has set."""

    book: Rulebook = Rulebook.DOCUMENT
    sensitive: tuple[str, ...] = ()


class Read(msgspec.Struct, frozen=True, gc=False):
    """A number, canonical where it could be read, as given where not."""

    phone: str
    iso_code: str = ""
    why: Obstacle | None = None


def read(written: str) -> Read:
    """What a number is and whose; whether it may be texted is asked later."""
    try:
        canonical = phone.canonical(written, COUNTRIES)
    except CountryClosed:
        return Read(written, UNKNOWN, Obstacle.NO_COUNTRY)
    except Invalid:
        return Read(written, "", Obstacle.NUMBER)
    iso_code = country.iso_code(canonical)
    return Read(canonical, iso_code, Obstacle.NO_COUNTRY if iso_code == UNKNOWN else None)


def are_mixed(numbers: Sequence[Read]) -> bool:
    """Whether some are of mainland China and some are not; those that nobody can read are neither."""
    return country.are_mixed(one.iso_code for one in numbers if one.iso_code)


class Wording:
    """What one app wants said at one moment, to any number."""

    def __init__(
        self, directory: Directory, app: App, asked: Asked, rules: Rules, now: Millis
    ) -> None:
        self._directory = directory
        self._app = app
        self._asked = asked
        self._rules = rules
        self._now = now
        self._template = _template(directory, app, asked.template)
        self._texts: dict[bool, str | Why] = {}
        """Whether it goes to the mainland → the text, or why there is none."""
        self._units: dict[str, int] = {}

    def to(self, number: Read, reference: str) -> Addressed | Why:
        """The text to a number, or why it gets none."""
        if number.why is not None:
            return number.why
        template = self._template
        if template is None:
            return Obstacle.UNKNOWN_TEMPLATE
        is_domestic = number.iso_code == MAINLAND
        whole = self._hindrance(template, number) or self._text(template, is_domestic=is_domestic)
        if isinstance(whole, Obstacle | Flaw):
            return whole
        units = self._units.get(number.iso_code)
        if units is None:
            units = self._units[number.iso_code] = fee(whole, number.iso_code)
        return Addressed(
            to=number.phone,
            kind=template.kind,
            text=whole,
            units=units,
            template=template.id,
            params=self._asked.values,
            reference=reference,
        )

    def _hindrance(self, template: Template, number: Read) -> Obstacle | None:
        """What speaks against this template to this number."""
        profile = self._app.tencent
        is_tried = profile is not None and template.name == profile.test_template
        if profile is not None and is_tried and template.review is not Review.REJECTED:
            if number.phone not in profile.test_numbers or self._now >= profile.test_until:
                return Obstacle.TEST_TEMPLATE
        elif template.review is not Review.APPROVED:
            return Obstacle.UNAPPROVED_TEMPLATE
        if not template.scope.covers(number.iso_code):
            is_domestic = number.iso_code == MAINLAND
            return Obstacle.TEMPLATE_FOR_ABROAD if is_domestic else Obstacle.TEMPLATE_FOR_MAINLAND
        if number.iso_code not in self._app.open_countries:
            return Obstacle.COUNTRY_CLOSED
        return None

    def _text(self, template: Template, *, is_domestic: bool) -> str | Why:
        found = self._texts.get(is_domestic)
        if found is None:
            found = self._texts[is_domestic] = self._composed(template, is_domestic=is_domestic)
        return found

    def _composed(self, template: Template, *, is_domestic: bool) -> str | Why:
        app, values = self._app, self._asked.values
        if not self._is_signed(Scope.MAINLAND if is_domestic else Scope.ABROAD):
            return Obstacle.SIGNATURE
        if template.kind is Kind.MARKETING:
            if app.account.kind == PERSONAL:
                return Obstacle.INDIVIDUAL
            if not app.hours.is_open(self._now):
                return Obstacle.HOURS
        longest = _LONGEST_VALUE[self._rules.book]
        place = parameter.flaw_of(template.kind, values, template.body.count, longest_value=longest)
        if place:
            return place.flaw
        if template.kind is not Kind.VERIFICATION and template.body.makes_link(values):
            return Flaw.LINK
        return self._whole(template.body.fill(values))

    def _is_signed(self, scope: Scope) -> bool:
        """At home every text says who speaks; abroad it may."""
        name = self._asked.signature
        if not name:
            return scope is Scope.ABROAD
        found = self._directory.signatures.get((self._app.account.id, name))
        return found is not None and found.scope in (scope, Scope.BOTH)

    def _whole(self, filled: str) -> str | Why:
        try:
            # Unsigned too it may bring no 【】 of its own.
            whole = text.signed(self._asked.signature, filled)
            whole = whole if self._asked.signature else filled
            text.require_showable(whole)
        except TextTooLong:
            return Obstacle.TOO_LONG
        except InvalidText:
            return Flaw.UNSEEN
        if any(word in whole for word in self._rules.sensitive):
            return Obstacle.SENSITIVE
        return whole


def _template(directory: Directory, app: App, written: str) -> Template | None:
    if not (written.isascii() and written.isdigit() and len(written) <= _TEMPLATE_ID):
        return None
    one = directory.template_ids.get(int(written))
    return one if one is not None and one.account == app.account.id else None
