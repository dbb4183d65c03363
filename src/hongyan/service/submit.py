"""Submit: what a customer hands in for review, hands in again, and takes back.

The lint looks at everything before it is kept. What depends on what: a signature for mainland China
needs an approved qualification, a template an approved signature.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from hongyan.core import template
from hongyan.core.country import Scope
from hongyan.core.hours import reviewed_by
from hongyan.core.lint import qualification, signature
from hongyan.core.lint import template as body_lint
from hongyan.core.lint.rule import Context, Finding, Rulebook, Severity
from hongyan.core.review import GOOD, QualificationStatus, ReviewStatus
from hongyan.core.submission import Qualification, Signature, Template
from hongyan.core.time import Millis
from hongyan.service import papers
from hongyan.service.directory import Account, Review
from hongyan.service.papers import Form
from hongyan.service.ports import Administration
from hongyan.service.reviewing import (
    Facts,
    Flawed,
    NeedsAnother,
    Subject,
    Submitted,
    TooMany,
    UnknownSubmission,
    WrongState,
)

MOST_SIGNATURES: Final = 200
"""Ours; the platform does not say how many it takes."""

Stops: TypeAlias = Callable[[Finding], bool]
"""Whether a finding keeps a form from being handed in. What it does not stop, a reviewer sees."""

APPROVED: Final = frozenset({ReviewStatus.USABLE, ReviewStatus.APPROVED})
"""Of signatures and templates: what reviewers have approved, whatever carriers say."""

_ENTERPRISE: Final = "enterprise"
_CHANGED: Final = frozenset(
    {
        QualificationStatus.APPROVED,
        QualificationStatus.CHANGE_IN_REVIEW,
        QualificationStatus.CHANGE_REJECTED,
    }
)
"""Another form is a change then, of something that goes on as it is."""
_WITHDRAWN: Final = frozenset({QualificationStatus.IN_REVIEW, QualificationStatus.TO_BE_COMPLETED})


class By(msgspec.Struct, frozen=True):
    """Who does something, and when."""

    who: str
    at: Millis


def is_error(finding: Finding) -> bool:
    """The strictest of Stops."""
    return finding.severity is Severity.ERROR


@dataclass(frozen=True)
class Counter:
    """Where somebody of an account hands things in, under one rulebook."""

    administration: Administration
    account: Account
    rules: Rulebook
    by: By

    def submit(
        self,
        form: Form,
        *,
        qualification: int = 0,
        again: Submitted | None = None,
        stops: Stops = is_error,
    ) -> Submitted:
        """Hand a form in; in place of an earlier one that was not approved, where `again` is that.

        Raises Flawed, UnknownSubmission for a qualification that is not the account's, WrongState and
        TooMany.
        """
        with self.administration.together():
            adopt(self.administration, self.account.id)
            behind = self._behind(form, qualification)
            found = _findings(form, self._context(form, behind, again))
            stopping = [one for one in found if one.severity is Severity.ERROR and stops(one)]
            if stopping:
                raise Flawed(stopping)
            at = self.by.at
            one = Submitted(
                account=self.account.id,
                subject=papers.subject_of(form),
                name=form.name,
                status=_status(form, again),
                scope=_scope(form),
                facts=Facts(notes=tuple(found)),
                qualification=behind.id if behind else 0,
                created_at=again.created_at if again else at,
                submitted_at=at,
                expected_at=reviewed_by(at),
            )
            one = self._kept(one, form, again)
            action = "resubmit" if again else "submit"
            detail = f"account {one.account}"
            self.administration.audit(self.by.who, action, f"{one.subject} {one.id}", detail)
            return one

    def _behind(self, form: Form, qualification: int) -> Submitted | None:
        """The qualification that a signature names; one abroad needs none."""
        if not isinstance(form, Signature) or form.is_international or not qualification:
            return None
        return find(
            self.administration, Subject.QUALIFICATION, qualification, account=self.account.id
        )

    def _context(self, form: Form, behind: Submitted | None, again: Submitted | None) -> Context:
        context = Context(
            book=self.rules,
            now=self.by.at,
            account=self.account.name,
            is_enterprise=self.account.kind == _ENTERPRISE,
            has_qualification=behind is not None and behind.status in GOOD,
        )
        if isinstance(form, Qualification):
            return context
        own = again.id if again else 0
        signatures = self.administration.submissions(Subject.SIGNATURE, self.account.id)
        others = [one for one in signatures if one.id != own]
        if again is not None:
            is_known = again.scope is not Scope.BOTH
            context = msgspec.structs.replace(
                context,
                is_approved=again.status in APPROVED or again.facts.was_approved,
                was_international=again.scope is Scope.ABROAD if is_known else None,
            )
        if isinstance(form, Signature):
            if len(others) >= MOST_SIGNATURES:
                raise TooMany(f"The account has {MOST_SIGNATURES} signatures.")
            here = {Scope.BOTH, _scope(form)}
            alive = [one for one in others if one.status != ReviewStatus.REJECTED]
            names = frozenset([one.name for one in alive if one.scope in here])
            return msgspec.structs.replace(context, names=names)
        templates = self.administration.submissions(Subject.TEMPLATE, self.account.id)
        return msgspec.structs.replace(
            context,
            has_signature=any(one.status in APPROVED for one in signatures),
            templates=sum(one.id != own for one in templates),
        )

    def _kept(self, one: Submitted, form: Form, again: Submitted | None) -> Submitted:
        """In its rows; a template also in the directory, where it waits."""
        if isinstance(form, Template):
            # 【】 would be another signature; the lint has a word for whoever wrote them.
            form = msgspec.structs.replace(form, body=body_lint.filtered(form.body))
            template.parse(form.body)  # The directory is read by it; the lint is no looser.
        desk = self.administration
        if again is not None:
            one = msgspec.structs.replace(one, id=again.id, template=again.template)
        else:
            one = msgspec.structs.replace(one, id=desk.add_submission(one))
        desk.put_papers(one.id, papers.taken_apart(form))
        if isinstance(form, Template):
            made = one.template
            if again is not None:
                desk.change_template(made, form.kind, form.body, one.scope)
            else:
                name = f"tencent_{one.id}"
                made = desk.add_template(one.account, name, form.kind, "", form.body, one.scope)
            one = msgspec.structs.replace(one, template=made)
        desk.change_submission(one)
        return one


def withdraw(administration: Administration, one: Submitted, by: By) -> None:
    """Take back what has not been decided. Raises WrongState."""
    if one.subject is Subject.QUALIFICATION:
        is_open = one.status in _WITHDRAWN
    else:
        is_open = one.status == ReviewStatus.IN_REVIEW
    if not is_open:
        raise WrongState(f"{_called(one)} has been decided: remove it instead.")
    _gone(administration, one, by, "withdraw")


def remove(administration: Administration, one: Submitted, by: By) -> None:
    """Let it be gone, wherever it stands: nothing more is sent by it. What was accepted before goes
    out. Raises NeedsAnother for a qualification that carries a signature.
    """
    with administration.together():
        if one.subject is Subject.QUALIFICATION:
            _require_idle(administration, one)
        _gone(administration, one, by, "remove")


def find(
    administration: Administration, subject: Subject, number: int, *, account: int = 0
) -> Submitted:
    """What is known by a number (a template by its TemplateId), of an account or of any.

    Raises UnknownSubmission.
    """
    if not 0 < number < 1 << 63:
        raise UnknownSubmission(subject, number)
    if subject is Subject.TEMPLATE:
        one = administration.submission_of(number)
    else:
        one = administration.submission(number)
    if one is None or one.subject is not subject or one.removed_at:
        raise UnknownSubmission(subject, number)
    if account not in (0, one.account):
        raise UnknownSubmission(subject, number)
    return one


def adopt(administration: Administration, account: int) -> None:
    """What the operator put into the directory without review stands in the lists like the rest."""
    if not administration.unreviewed(account):
        return  # As nearly always: lists are read without a lock.
    with administration.together():
        for one in administration.unreviewed(account):
            administration.add_submission(one)


def name_signature(administration: Administration, account: int, name: str) -> None:
    """Let the directory hold the signature for wherever one of this name may be used now."""
    usable = {
        one.scope
        for one in administration.submissions(Subject.SIGNATURE, account)
        if one.name == name and one.status == ReviewStatus.USABLE
    }
    if not usable:
        administration.remove_signature(account, name)
        return
    scope = usable.pop() if len(usable) == 1 else Scope.BOTH
    administration.add_signature(account, name, scope)


def _findings(form: Form, context: Context) -> list[Finding]:
    match form:
        case Qualification():
            return qualification.findings(form, context)
        case Signature():
            return signature.findings(form, context)
        case Template():
            return body_lint.findings(form, context)


def _status(form: Form, again: Submitted | None) -> int:
    if not isinstance(form, Qualification):
        if again is not None and again.status in APPROVED:
            raise WrongState(f"{_called(again)} is approved: apply for another.")
        return ReviewStatus.IN_REVIEW
    if again is not None and again.status in _CHANGED:
        return QualificationStatus.CHANGE_IN_REVIEW
    return QualificationStatus.IN_REVIEW


def _scope(form: Form) -> Scope:
    if isinstance(form, Qualification):
        return Scope.BOTH
    return Scope.ABROAD if form.is_international else Scope.MAINLAND


def _gone(administration: Administration, one: Submitted, by: By, action: str) -> None:
    with administration.together():
        administration.change_submission(msgspec.structs.replace(one, removed_at=by.at))
        administration.put_papers(one.id, {})
        if one.subject is Subject.SIGNATURE and one.status == ReviewStatus.USABLE:
            name_signature(administration, one.account, one.name)
        if one.subject is Subject.TEMPLATE:
            administration.review_template(one.template, Review.REJECTED, "removed")
        administration.audit(by.who, action, f"{one.subject} {one.id}", f"account {one.account}")


def _require_idle(administration: Administration, one: Submitted) -> None:
    for other in administration.submissions(Subject.SIGNATURE, one.account):
        if other.qualification == one.id and other.status != ReviewStatus.REJECTED:
            sentence = (
                f"{_called(one)} carries the signature {other.name} ({other.id}): remove that"
            )
            raise NeedsAnother(sentence + " first.")


def _called(one: Submitted) -> str:
    number = one.template if one.subject is Subject.TEMPLATE else one.id
    return f"The {one.subject} {one.name} ({number})"
