"""Review: what reviewers, and then carriers, say of what was handed in."""

import asyncio
from collections.abc import Mapping
from typing import Final

import msgspec
import structlog

from hongyan.core.country import Scope
from hongyan.core.lint import RULES
from hongyan.core.lint.rule import Severity
from hongyan.core.review import (
    GOOD,
    QUALIFICATION_MOVES,
    REVIEW_MOVES,
    Carrier,
    Filing,
    QualificationStatus,
    ReviewStatus,
    status_by_filings,
)
from hongyan.core.time import Millis
from hongyan.service.directory import Review
from hongyan.service.ports import Administration, Clock, Desk, Store
from hongyan.service.reviewing import NeedsAnother, Subject, Submitted, WrongState
from hongyan.service.submit import APPROVED, By, name_signature

DEVELOPMENT: Final = "development"
"""Who decides where nobody else does."""
NOT_FILED: Final = "所有运营商均未通过签名报备。"
"""Why a signature is rejected that reviewers had approved."""

_EVERY_S: Final = 1.0
_log: Final = structlog.get_logger()

_REVIEWS: Final[Mapping[ReviewStatus, Review]] = {
    ReviewStatus.IN_REVIEW: Review.SUBMITTED,
    ReviewStatus.USABLE: Review.APPROVED,
    ReviewStatus.REJECTED: Review.REJECTED,
}


def approve(administration: Administration, one: Submitted, by: By) -> Submitted:
    """A signature for mainland China then waits for the carriers. Raises WrongState, NeedsAnother."""
    with administration.together():
        _require_others(administration, one)
        match one.subject:
            case Subject.QUALIFICATION:
                status: int = QualificationStatus.APPROVED
            case Subject.SIGNATURE if one.scope is Scope.MAINLAND:
                status = status_by_filings(one.facts.filings)
            case Subject.TEMPLATE:
                status = ReviewStatus.USABLE
                facts = msgspec.structs.replace(one.facts, was_approved=True)
                one = msgspec.structs.replace(one, facts=facts)
            case _:
                status = ReviewStatus.USABLE
        return _decided(administration, one, status, "", by, "approve")


def reject(administration: Administration, one: Submitted, by: By, reason: str) -> Submitted:
    """Also what was approved, but for a qualification. Raises WrongState."""
    status: int = ReviewStatus.REJECTED
    if one.subject is Subject.QUALIFICATION:
        is_change = one.status == QualificationStatus.CHANGE_IN_REVIEW
        status = QualificationStatus.REJECTED
        status = QualificationStatus.CHANGE_REJECTED if is_change else status
    return _decided(administration, one, status, reason, by, "reject")


def ask_for_more(administration: Administration, one: Submitted, by: By, reason: str) -> Submitted:
    """A qualification that lacks something. Raises WrongState."""
    status = QualificationStatus.TO_BE_COMPLETED
    return _decided(administration, one, status, reason, by, "ask for more")


def file(
    administration: Administration, one: Submitted, by: By, said: Mapping[Carrier, Filing]
) -> Submitted:
    """What carriers say of a signature that reviewers approved. Raises WrongState."""
    if one.scope is not Scope.MAINLAND or one.facts.by_operator:
        raise WrongState("Only signatures for mainland China are filed.")
    if one.status not in (ReviewStatus.APPROVED, ReviewStatus.USABLE):
        raise WrongState("A signature is filed once it has been approved.")
    facts = msgspec.structs.replace(one.facts, filings=one.facts.filings | dict(said))
    status = status_by_filings(facts.filings)
    reason = NOT_FILED if status is ReviewStatus.REJECTED else ""
    action = " ".join(["file", *(f"{carrier}={filing}" for carrier, filing in said.items())])
    one = msgspec.structs.replace(one, facts=facts)
    return _decided(administration, one, status, reason, by, action)


def decide_due(administration: Administration, waited: Millis, now: Millis) -> int:
    """For development: decide of all that has waited so long, as a reviewer would who trusts everybody;
    how many that were. What the lint found wrong is rejected for it.
    """
    if not administration.in_review(now - waited):
        return 0
    by, count = By(DEVELOPMENT, now), 0
    with administration.together():
        for one in administration.in_review(now - waited):
            errors = [note for note in one.facts.notes if note.severity is Severity.ERROR]
            if errors:
                reason = "".join(RULES[note.rule].says_zh for note in errors)
                reject(administration, one, by, reason)
            else:
                try:
                    approved = approve(administration, one, by)
                except NeedsAnother:
                    continue  # It waits for that.
                if approved.status == ReviewStatus.APPROVED and one.subject is Subject.SIGNATURE:
                    file(administration, approved, by, dict.fromkeys(Carrier, Filing.FILED))
            count += 1
    return count


async def decide_forever(desk: Desk, store: Store, waited: Millis, clock: Clock) -> None:
    """Decide of what is due, once a second."""
    while True:
        await asyncio.sleep(_EVERY_S)
        try:
            if await asyncio.to_thread(_decide_at, desk, waited, clock()):
                await store.refresh()
        except Exception:  # noqa: BLE001 - one bad row must not end all reviews
            _log.exception("review.failed")


def _decide_at(desk: Desk, waited: Millis, now: Millis) -> int:
    administration = desk()
    try:
        return decide_due(administration, waited, now)
    finally:
        administration.close()


def reply_to(one: Submitted) -> str:
    """What its author is told: why it was rejected, or what the lint noted; in Chinese."""
    if one.reason:
        return one.reason
    is_open = not one.decided_at
    notes = [
        note.rule for note in one.facts.notes if is_open or note.rule != "review.outside_hours"
    ]
    return "".join(RULES[rule].says_zh for rule in notes)


def _require_others(administration: Administration, one: Submitted) -> None:
    """What it depends on is approved, also by now."""
    if one.facts.by_operator:
        return
    if one.subject is Subject.SIGNATURE and one.scope is Scope.MAINLAND:
        behind = administration.submission(one.qualification)
        if behind is None or behind.removed_at or behind.status not in GOOD:
            raise NeedsAnother("The qualification behind the signature is not approved.")
    if one.subject is Subject.TEMPLATE:
        signatures = administration.submissions(Subject.SIGNATURE, one.account)
        if not any(signature.status in APPROVED for signature in signatures):
            raise NeedsAnother("The account has no approved signature yet.")


def _decided(
    administration: Administration, one: Submitted, status: int, reason: str, by: By, action: str
) -> Submitted:
    if one.removed_at:
        raise WrongState("It is gone.")
    if status != one.status and not one.facts.by_operator:
        _require_move(one, status)
    with administration.together():
        decided = msgspec.structs.replace(one, status=status, reason=reason, decided_at=by.at)
        administration.change_submission(decided)
        if one.subject is Subject.SIGNATURE and ReviewStatus.USABLE in (one.status, status):
            name_signature(administration, one.account, one.name)
        if one.subject is Subject.TEMPLATE:
            administration.review_template(one.template, _REVIEWS[ReviewStatus(status)], reason)
        change = f"{told(one.subject, one.status)} to {told(one.subject, status)}"
        detail = f"account {one.account}: {change}"
        administration.audit(by.who, action, f"{one.subject} {one.id}", detail)
        return decided


def _require_move(one: Submitted, status: int) -> None:
    if one.subject is Subject.QUALIFICATION:
        may = QualificationStatus(status) in QUALIFICATION_MOVES[QualificationStatus(one.status)]
    else:
        may = ReviewStatus(status) in REVIEW_MOVES[ReviewStatus(one.status)]
    if not may:
        now, wanted = told(one.subject, one.status), told(one.subject, status)
        raise WrongState(f"It is {now}, and cannot become {wanted}.")


def told(subject: Subject, status: int) -> str:
    """A status in a word."""
    kind = QualificationStatus if subject is Subject.QUALIFICATION else ReviewStatus
    return kind(status).name.lower().replace("_", " ")
