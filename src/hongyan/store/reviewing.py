"""What is in review, in any store: rows of submissions, sealed papers, and answers given before."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from hongyan.core.country import Scope
from hongyan.core.mark import Mark
from hongyan.core.message import Kind
from hongyan.core.review import ReviewStatus
from hongyan.core.time import Millis
from hongyan.service.directory import Review
from hongyan.service.reviewing import REPEATED_WITHIN, Facts, Subject, Submitted
from hongyan.store.changing import Changing, Value, written
from hongyan.store.rows import row_key

_PAPER: Final = b"paper.content"
_ANSWER: Final = b"done.answer"


class Reviewing(Changing):
    """See `service.reviewing.Submissions`. Each method is one transaction."""

    def submissions(self, subject: Subject, account: int = 0) -> list[Submitted]:
        if account:
            return [_submitted(row) for row in self._rows("submissions", account, subject)]
        return [_submitted(row) for row in self._rows("all_submissions", subject)]

    def submission(self, submission: int) -> Submitted | None:
        return next(map(_submitted, self._rows("submission", submission)), None)

    def submission_of(self, template: int) -> Submitted | None:
        return next(map(_submitted, self._rows("submission_of_template", template)), None)

    def in_review(self, handed_in_by: Millis) -> list[Submitted]:
        return [_submitted(row) for row in self._rows("submissions_in_review", handed_in_by)]

    def unreviewed(self, account: int) -> list[Submitted]:
        found = [
            _unreviewed(account, Subject.SIGNATURE, *row)
            for row in self._rows("unreviewed_signatures", account)
        ]
        for template, name, scope, at, review, reason in self._rows(
            "unreviewed_templates", account
        ):
            one = _unreviewed(account, Subject.TEMPLATE, name, scope, at)
            found.append(
                msgspec.structs.replace(
                    one,
                    template=template,
                    status=_STATUS[Review(review)],
                    facts=Facts(was_approved=review != Review.SUBMITTED, by_operator=True),
                    reason=reason,
                )
            )
        return found

    def add_submission(self, submitted: Submitted) -> int:
        with self.together():
            return self._returning("insert_submission", *_values(submitted))

    def change_submission(self, submitted: Submitted) -> None:
        with self.together():
            self._run("change_submission", *_values(submitted), submitted.id)

    def papers(self, submission: int) -> Mapping[str, bytes]:
        return {
            name: self._seal.open(_PAPER, _place(submission, name), sealed)
            for name, sealed in self._rows("papers", submission)
        }

    def put_papers(self, submission: int, papers: Mapping[str, bytes]) -> None:
        with self.together():
            self._run("drop_papers", submission)
            for name, content in papers.items():
                sealed = self._seal.close(_PAPER, _place(submission, name), content)
                self._run("insert_paper", submission, name, sealed)

    def change_template(self, template: int, kind: Kind, body: str, scope: Scope) -> None:
        with self._change():
            self._run("change_template", kind, body, scope, template)

    def done(self, key: Mark, since: Millis) -> bytes | None:
        found = self._rows("done", key, since)
        return self._seal.open(_ANSWER, row_key(key), found[0][0]) if found else None

    def put_done(self, key: Mark, answer: bytes, at: Millis) -> None:
        with self.together():
            self._run("insert_done", key, self._seal.close(_ANSWER, row_key(key), answer), at)
            self._run("forget_done", at - REPEATED_WITHIN)


def _unreviewed(account: int, subject: Subject, name: str, scope: int, at: Millis) -> Submitted:
    return Submitted(
        account=account,
        subject=subject,
        name=name,
        status=ReviewStatus.USABLE,
        scope=Scope(scope),
        facts=Facts(by_operator=True),
        created_at=at,
        submitted_at=at,
        expected_at=at,
        decided_at=at,
    )


_STATUS: Final = {
    Review.SUBMITTED: ReviewStatus.IN_REVIEW,
    Review.APPROVED: ReviewStatus.USABLE,
    Review.REJECTED: ReviewStatus.REJECTED,
}


def _place(submission: int, name: str) -> bytes:
    return row_key(submission) + name.encode()


def _values(one: Submitted) -> tuple[Value, ...]:
    return (
        one.account,
        one.subject,
        one.name,
        int(one.status),
        int(one.scope),
        written(one.facts),
        one.qualification,
        one.template,
        one.reason,
        one.created_at,
        one.submitted_at,
        one.expected_at,
        one.decided_at,
        one.removed_at,
    )


def _submitted(row: Sequence[Any]) -> Submitted:
    identifier, account, subject, name, status, scope, facts, *numbers = row
    qualification, template, reason, created_at, submitted_at, expected_at, *later = numbers
    decided_at, removed_at = later
    return Submitted(
        id=identifier,
        account=account,
        subject=Subject(subject),
        name=name,
        status=status,
        scope=Scope(scope),
        facts=msgspec.json.decode(facts, type=Facts),
        qualification=qualification,
        template=template,
        reason=reason,
        created_at=created_at,
        submitted_at=submitted_at,
        expected_at=expected_at,
        decided_at=decided_at,
        removed_at=removed_at,
    )
