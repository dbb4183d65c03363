"""Reviewing: what a store keeps of qualifications, signatures and templates in review, and why it is
refused to hand one in or to decide of it.

A submission is known by its number: SignId and QualificationId on the wire. A template's TemplateId is
its number in the directory. What a submission holds that is personal, and its images, are its papers.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum, auto
from typing import Final, Protocol

import msgspec

from hongyan.core.country import Scope
from hongyan.core.lint import RULES
from hongyan.core.lint.rule import Finding
from hongyan.core.mark import Mark
from hongyan.core.message import Kind
from hongyan.core.review import Carrier, Filing
from hongyan.core.time import MINUTE, SECOND, Millis

FORM: Final = "form"
"""The paper that holds the form as it was filled in, but for its images."""
REPEATED_WITHIN: Final[Millis] = 10 * MINUTE + SECOND
"""How long a change that comes again gets the first one's answer."""


class Subject(StrEnum):
    """What is reviewed."""

    QUALIFICATION = auto()
    SIGNATURE = auto()
    TEMPLATE = auto()


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What else is known of a submission, as far as it is not personal."""

    notes: tuple[Finding, ...] = ()
    """What the lint found when it was handed in."""
    filings: dict[Carrier, Filing] = {}
    """What the carriers say of a signature."""
    was_approved: bool = False
    """Of a template: texts of it may have gone out, so its words stay what they are."""
    by_operator: bool = False
    """It was in the directory without any review."""


class Submitted(msgspec.Struct, frozen=True, kw_only=True):
    """A submission, and where it stands."""

    id: int = 0
    account: int
    subject: Subject
    name: str
    status: int
    """As `core.review` has it for its subject."""
    scope: Scope = Scope.MAINLAND
    facts: Facts = Facts()
    qualification: int = 0
    """The submission behind a signature; 0 for none."""
    template: int = 0
    """What it is in the directory."""
    reason: str = ""
    """Why it was rejected."""
    created_at: Millis
    submitted_at: Millis
    """The last time."""
    expected_at: Millis
    """When it should be decided."""
    decided_at: Millis = 0
    """0 while it is in review."""
    removed_at: Millis = 0
    """0 while it is there."""


class Submissions(Protocol):
    """A part of `ports.Administration`."""

    def submissions(self, subject: Subject, account: int = 0) -> list[Submitted]:
        """Of an account, or of all; newest first, without those that were removed."""

    def submission(self, submission: int) -> Submitted | None: ...
    def submission_of(self, template: int) -> Submitted | None:
        """Of a template of the directory. These two know those that were removed, too."""

    def in_review(self, handed_in_by: Millis) -> list[Submitted]:
        """Oldest first."""

    def unreviewed(self, account: int) -> list[Submitted]:
        """Signatures and templates of the directory that no submission stands behind, as the ones that
        would.
        """

    def add_submission(self, submitted: Submitted) -> int: ...
    def change_submission(self, submitted: Submitted) -> None: ...
    def papers(self, submission: int) -> Mapping[str, bytes]: ...
    def put_papers(self, submission: int, papers: Mapping[str, bytes]) -> None:
        """In place of those that there were."""

    def change_template(self, template: int, kind: Kind, body: str, scope: Scope) -> None:
        """Another text, which is to be reviewed."""

    def done(self, key: Mark, since: Millis) -> bytes | None:
        """What a change was answered that has been made since then."""

    def put_done(self, key: Mark, answer: bytes, at: Millis) -> None:
        """Keep an answer, and forget those that nobody waits for any more."""


class ReviewRefused(Exception):
    """It cannot be handed in, or decided, as things are. `str()` is one sentence."""


class UnknownSubmission(ReviewRefused):
    """There is no such thing, or it is another account's."""

    def __init__(self, subject: Subject, number: int) -> None:
        super().__init__(f"There is no {subject} {number}.")


class WrongState(ReviewRefused):
    """It has been decided, or has not."""


class TooMany(ReviewRefused):
    """The account has as many as it may."""


class NeedsAnother(ReviewRefused):
    """Something that it depends on is not approved, or depends on it."""


class Flawed(ReviewRefused):
    """The lint stops it."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(" ".join(in_words(findings)))
        self.findings = tuple(findings)


def in_words(findings: Sequence[Finding]) -> list[str]:
    """What was found, and its cure, each in a line."""
    rules = [RULES[finding.rule] for finding in findings]
    return [f"{rule.says_en} {rule.cure_en}" for rule in rules]
