"""Whatever applicants, reviewers and carriers do in whatever order: what may be sent is what was approved,
held against a model on every store.
"""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import hypothesis
import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from hongyan.core.country import Scope
from hongyan.core.lint.rule import Rulebook
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
from hongyan.core.submission import DocumentKind, SignatureKind
from hongyan.core.time import HOUR
from hongyan.service import review, submit
from hongyan.service.directory import Review
from hongyan.service.papers import Form, put_together
from hongyan.service.reviewing import ReviewRefused, Subject, Submitted
from hongyan.service.submit import APPROVED, By, Counter
from support.forms import COMPANY, QUALIFICATION, SIGNATURE, TEMPLATE
from support.world import STORES, World

T = TypeVar("T")

_SHARE = {"sqlite": 2, "postgres": 5}
"""By how much fewer runs suffice, on a store that takes its time."""
_NAMES = ("AA生活服务", "AA商城")
_MOVES = {
    Subject.QUALIFICATION: QUALIFICATION_MOVES,
    Subject.SIGNATURE: REVIEW_MOVES,
    Subject.TEMPLATE: REVIEW_MOVES,
}

somewhere = st.integers(0, 99)
"""One of a list, whatever its length."""


class Reviews(RuleBasedStateMachine):
    """One account and whoever deals with it."""

    kind: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.directory = tempfile.TemporaryDirectory()
        self.world = World(Path(self.directory.name), STORES[self.kind])
        self.run(self.world.open())
        self.desk = self.world.administering
        self.account = self.desk.create_account(COMPANY, "enterprise")
        self.known: dict[int, Submitted] = {}
        """As each stood when it was looked at last."""
        self.forms: dict[int, Form] = {}

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    def teardown(self) -> None:
        self.run(self.world.close())
        self.runner.close()
        self.directory.cleanup()

    # What people do. Whatever is refused has changed nothing: the invariants look.

    @rule(name=st.sampled_from(["one", "two"]))
    def qualify(self, name: str) -> None:
        self._submit(msgspec.structs.replace(QUALIFICATION, name=name))

    @rule(name=st.sampled_from(_NAMES), abroad=st.booleans(), which=somewhere)
    def sign(self, name: str, abroad: bool, which: int) -> None:
        self._submit(_signature(name, abroad), self._number(Subject.QUALIFICATION, which))

    @rule(body=st.sampled_from(["验证码{1}", "您的验证码：{1}，{2}分钟内有效。"]))
    def template(self, body: str) -> None:
        self._submit(msgspec.structs.replace(TEMPLATE, body=body))

    @precondition(lambda self: self.known)
    @rule(which=somewhere, name=st.sampled_from(_NAMES), abroad=st.booleans())
    def again(self, which: int, name: str, abroad: bool) -> None:
        one = self._one(which)
        forms: dict[Subject, Form] = {
            Subject.QUALIFICATION: QUALIFICATION,
            Subject.SIGNATURE: _signature(name, abroad),
            Subject.TEMPLATE: TEMPLATE,
        }
        self._submit(forms[one.subject], one.qualification, one)

    @precondition(lambda self: self.known)
    @rule(which=somewhere)
    def approve(self, which: int) -> None:
        one = self._one(which)
        approved = self._tried(lambda: review.approve(self.desk, one, self._by()))
        if approved is None:
            return
        signatures = [other for other in self.known.values() if other.subject is Subject.SIGNATURE]
        if one.subject is Subject.SIGNATURE and one.scope is Scope.MAINLAND:
            assert self.known[one.qualification].status in GOOD
        if one.subject is Subject.TEMPLATE:
            assert any(other.status in APPROVED for other in signatures)

    @precondition(lambda self: self.known)
    @rule(which=somewhere)
    def reject(self, which: int) -> None:
        self._tried(lambda: review.reject(self.desk, self._one(which), self._by(), "不清晰"))

    @precondition(lambda self: self.known)
    @rule(which=somewhere)
    def ask_for_more(self, which: int) -> None:
        one = self._one(which)
        if one.subject is Subject.QUALIFICATION:
            self._tried(lambda: review.ask_for_more(self.desk, one, self._by(), "请补充"))

    @precondition(lambda self: self.known)
    @rule(which=somewhere, carrier=st.sampled_from(Carrier), said=st.sampled_from(Filing))
    def file(self, which: int, carrier: Carrier, said: Filing) -> None:
        one = self._one(which)
        if one.subject is Subject.SIGNATURE:
            filed = self._tried(lambda: review.file(self.desk, one, self._by(), {carrier: said}))
            assert filed is None or filed.status == status_by_filings(filed.facts.filings)

    @precondition(lambda self: self.known)
    @rule(which=somewhere, take=st.sampled_from([submit.withdraw, submit.remove]))
    def take_back(self, which: int, take: Callable[..., None]) -> None:
        one = self._one(which)
        self._tried(lambda: take(self.desk, one, self._by()))
        after = self.desk.submission(one.id)
        assert after is not None
        if after.removed_at:
            assert self.desk.papers(one.id) == {}
            del self.known[one.id]
            if one.template:
                directory = self.desk.directory()
                assert directory.template_ids[one.template].review is Review.REJECTED

    @rule()
    def time_decides(self) -> None:
        self.world.clock.pass_by(HOUR)
        review.decide_due(self.desk, HOUR, self.world.clock())

    @rule()
    def a_process_ends(self) -> None:
        self.run(self.world.restart())
        self.desk = self.world.administering

    # What must be true at any time.

    @invariant()
    def each_has_moved_as_declared(self) -> None:
        for number, before in self.known.items():
            now = self.desk.submission(number)
            assert now is not None
            reached: set[int] = {before.status}
            # Time decides of two things at once: of reviewers, then of carriers.
            for _ in range(2):
                moves: Any = _MOVES[before.subject]
                reached |= {move for status in reached for move in moves[status]}
            assert now.status in reached
            assert bool(now.decided_at) == (now.status not in _waiting(now.subject))
            self.known[number] = now

    @invariant()
    def what_may_be_sent_is_what_was_approved(self) -> None:
        directory = self.desk.directory()
        usable: dict[str, set[Scope]] = {}
        for one in self.known.values():
            if one.subject is Subject.SIGNATURE and one.status == ReviewStatus.USABLE:
                usable.setdefault(one.name, set()).add(one.scope)
            if one.subject is Subject.TEMPLATE:
                sent = directory.template_ids[one.template].review is Review.APPROVED
                assert sent == (one.status == ReviewStatus.USABLE)
        known = {
            one.name: one.scope
            for one in directory.signatures.values()
            if one.account == self.account
        }
        assert known == {
            name: scopes.copy().pop() if len(scopes) == 1 else Scope.BOTH
            for name, scopes in usable.items()
        }

    @invariant()
    def names_are_taken_once(self) -> None:
        taken = [
            (one.name, one.scope)
            for one in self.known.values()
            if one.subject is Subject.SIGNATURE and one.status != ReviewStatus.REJECTED
        ]
        assert len(taken) == len(set(taken))

    @invariant()
    def papers_are_those_that_were_handed_in_last(self) -> None:
        for number, one in self.known.items():
            form = put_together(one.subject, self.desk.papers(number))
            assert form is not None
            if one.subject is not Subject.TEMPLATE:
                assert form == self.forms[number]

    def _submit(self, form: Form, qualification: int = 0, again: Submitted | None = None) -> None:
        account = self.desk.directory().accounts[self.account]
        counter = Counter(self.desk, account, Rulebook.DOCUMENT, self._by())
        made = self._tried(lambda: counter.submit(form, qualification=qualification, again=again))
        if made is not None:
            self.forms[made.id] = form
            if again is None:
                self.known[made.id] = made

    def _tried(self, work: Callable[[], T]) -> T | None:
        try:
            return work()
        except ReviewRefused:
            return None

    def _one(self, which: int) -> Submitted:
        return list(self.known.values())[which % len(self.known)]

    def _number(self, subject: Subject, which: int) -> int:
        those = [one.id for one in self.known.values() if one.subject is subject]
        return those[which % len(those)] if those else 0

    def _by(self) -> By:
        return By("somebody", self.world.clock())


def _signature(name: str, abroad: bool) -> Form:
    if not abroad:
        return msgspec.structs.replace(SIGNATURE, name=name, mini_program=name)
    return msgspec.structs.replace(
        SIGNATURE,
        name=name,
        kind=SignatureKind.TRADEMARK,
        document=DocumentKind.TRADEMARK_REGISTRATION,
        is_international=True,
    )


def _waiting(subject: Subject) -> set[int]:
    if subject is Subject.QUALIFICATION:
        return {QualificationStatus.IN_REVIEW, QualificationStatus.CHANGE_IN_REVIEW}
    return {ReviewStatus.IN_REVIEW}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", list(STORES))
def test_what_is_sent_was_approved_whatever_happens(kind: str) -> None:
    machine = type("Reviews", (Reviews,), {"kind": kind})
    tried = hypothesis.settings().max_examples // _SHARE[kind]
    run_state_machine_as_test(machine, settings=hypothesis.settings(max_examples=tried))
