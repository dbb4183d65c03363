"""Rules of the lint, and what breaks one: told in English and Chinese, with a cure."""

from enum import StrEnum, auto
from typing import Final

import msgspec

from hongyan.core.time import Millis


class Rulebook(StrEnum):
    """Which rules hold: the setting `tencent.rules`."""

    DOCUMENT = auto()
    """Those of the document that our users know."""
    LIVE = auto()
    """Those of the platform today, which closed some kinds of names and variables."""


class Severity(StrEnum):
    ERROR = auto()
    """It would be rejected."""
    WARNING = auto()


class Rule(msgspec.Struct, frozen=True):
    """Something that reviewers mind."""

    says_en: str
    says_zh: str
    cure_en: str
    cure_zh: str
    live: Severity = Severity.ERROR
    document: Severity | None = Severity.ERROR
    """None where the document knows nothing of it."""

    def severity(self, book: Rulebook) -> Severity | None:
        return self.live if book is Rulebook.LIVE else self.document


class Finding(msgspec.Struct, frozen=True):
    """A rule that a submission breaks, at a field of it."""

    rule: str
    field: str
    severity: Severity


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What else the lint must know: of the account, and of the moment."""

    book: Rulebook
    now: Millis
    account: str = ""
    """The name of the account's own subject (实名主体)."""
    is_enterprise: bool = True
    has_qualification: bool = False
    """Whether the one that is named is approved."""
    names: frozenset[str] = frozenset()
    """Signatures that are approved or in review already, but for this one."""
    has_signature: bool = False
    """Whether any is approved."""
    templates: int = 0
    is_approved: bool = False
    """Whether what would be changed is approved already."""
    was_international: bool | None = None
    """What it is, where it would be changed."""


WARNING: Final = Severity.WARNING
ERROR: Final = Severity.ERROR


class Findings:
    """Collects what is found, under one rulebook."""

    def __init__(self, rules: dict[str, Rule], book: Rulebook) -> None:
        self._rules = rules
        self._book = book
        self.found: list[Finding] = []

    def add(self, rule: str, field: str, *, broken: bool) -> None:
        """Note a rule if it is broken and this rulebook has it."""
        severity = self._rules[rule].severity(self._book) if broken else None
        if severity is not None:
            self.found.append(Finding(rule, field, severity))
