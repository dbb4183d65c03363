"""Reviews on every store: from papers to a text that may be sent, and back."""

from typing import Any

import msgspec
import pytest

from hongyan.core.country import Scope
from hongyan.core.lint.rule import Rulebook
from hongyan.core.review import Carrier, Filing, QualificationStatus, ReviewStatus
from hongyan.core.submission import DocumentKind, SignatureKind
from hongyan.core.time import HOUR, MINUTE, SECOND
from hongyan.service import papers, review, submit
from hongyan.service.directory import Review
from hongyan.service.ports import Administration
from hongyan.service.reviewing import (
    REPEATED_WITHIN,
    Flawed,
    NeedsAnother,
    Subject,
    Submitted,
    TooMany,
    UnknownSubmission,
    WrongState,
)
from hongyan.service.submit import By, Counter
from support.forms import CARD, COMPANY, NAME, QUALIFICATION, SIGNATURE, TEMPLATE
from support.papers import png
from support.world import World

ABROAD = msgspec.structs.replace(
    SIGNATURE,
    name="AALife",
    kind=SignatureKind.TRADEMARK,
    document=DocumentKind.TRADEMARK_REGISTRATION,
    is_international=True,
)


class Office:
    """A counter for customers, and reviewers behind it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.desk: Administration = world.administering
        self.account = self.desk.create_account(COMPANY, "enterprise")

    @property
    def by(self) -> By:
        return By("tester", self.world.clock())

    def counter(self, rules: Rulebook = Rulebook.DOCUMENT) -> Counter:
        account = self.desk.directory().accounts[self.account]
        return Counter(self.desk, account, rules, self.by)

    def submitted(self, form: papers.Form, **more: Any) -> Submitted:
        return self.now(self.counter().submit(form, **more))

    def now(self, one: Submitted) -> Submitted:
        """The same, as it stands."""
        found = self.desk.submission(one.id)
        assert found is not None
        return found

    def approved(self, form: papers.Form, **more: Any) -> Submitted:
        return self.now(review.approve(self.desk, self.submitted(form, **more), self.by))

    def qualified(self) -> int:
        return self.approved(QUALIFICATION).id

    def filed(self, one: Submitted, carrier: Carrier, said: Filing = Filing.FILED) -> Submitted:
        return self.now(review.file(self.desk, self.now(one), self.by, {carrier: said}))

    def signed(self) -> Submitted:
        """A signature that may be used."""
        one = self.approved(SIGNATURE, qualification=self.qualified())
        return self.filed(one, Carrier.MOBILE)

    def signatures(self) -> dict[str, Scope]:
        """What the directory has."""
        known = self.desk.directory().signatures.values()
        return {one.name: one.scope for one in known if one.account == self.account}

    def template(self, one: Submitted) -> Any:
        return self.desk.directory().template_ids[one.template]


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


def test_the_whole_way_of_the_guide(office: Office) -> None:
    qualification = office.submitted(QUALIFICATION)
    assert qualification.status == QualificationStatus.IN_REVIEW
    assert qualification.expected_at == office.world.clock() + 2 * HOUR
    assert office.now(review.approve(office.desk, qualification, office.by)).status == 1

    signature = office.submitted(SIGNATURE, qualification=qualification.id)
    assert signature.status == ReviewStatus.IN_REVIEW
    assert {note.rule for note in signature.facts.notes} == {
        "signature.kind_closed",
        "signature.document_closed",
    }
    signature = office.now(review.approve(office.desk, signature, office.by))
    assert (signature.status, office.signatures()) == (ReviewStatus.APPROVED, {})
    signature = office.filed(signature, Carrier.UNICOM)
    assert signature.status == ReviewStatus.USABLE
    assert office.signatures() == {NAME: Scope.MAINLAND}

    template = office.submitted(TEMPLATE)
    waiting = office.template(template)
    assert (waiting.review, waiting.signature, waiting.scope) == (Review.SUBMITTED, "", 0)
    assert waiting.source == TEMPLATE.body.replace("【{1}】", "{1}")
    assert "过滤" in review.reply_to(template)
    template = office.now(review.approve(office.desk, template, office.by))
    assert (template.status, office.template(template).review) == (0, Review.APPROVED)
    told = office.desk.audits(10, f"template {template.id}")
    assert [(one.who, one.action) for one in told] == [("tester", "approve"), ("tester", "submit")]


def test_papers_come_back_as_they_were_handed_in(office: Office) -> None:
    names = []
    for form in (QUALIFICATION, ABROAD):
        one = office.submitted(form)
        kept = office.desk.papers(one.id)
        assert papers.put_together(one.subject, kept) == form
        names.append(set(kept))
    images = {"licence.image", "legal_person.front", "legal_person.back"}
    assert names == [{"form", *images}, {"form", "proof"}]


def test_nothing_depends_on_what_is_not_approved(office: Office) -> None:
    def rules(refused: pytest.ExceptionInfo[Flawed]) -> set[str]:
        return {one.rule for one in refused.value.findings}

    waiting = office.submitted(QUALIFICATION)
    for number in (0, waiting.id):
        with pytest.raises(Flawed) as refused:
            office.submitted(SIGNATURE, qualification=number)
        assert rules(refused) == {"signature.qualification_missing"}
    with pytest.raises(Flawed) as refused:
        office.submitted(TEMPLATE)
    assert rules(refused) == {"template.signature_missing"}
    review.reject(office.desk, waiting, office.by, "公章不清晰")
    with pytest.raises(Flawed):
        office.submitted(SIGNATURE, qualification=waiting.id)
    with pytest.raises(UnknownSubmission):
        office.submitted(SIGNATURE, qualification=waiting.id + 1)
    assert office.desk.submissions(Subject.SIGNATURE) == []
    assert office.desk.submissions(Subject.TEMPLATE) == []


def test_what_was_approved_before_it_depends_on_is_gone_is_not_approved(office: Office) -> None:
    qualification = office.qualified()
    signature = office.submitted(SIGNATURE, qualification=qualification)
    changed = office.submitted(QUALIFICATION, again=office.desk.submission(qualification))
    assert changed.status == QualificationStatus.CHANGE_IN_REVIEW
    with pytest.raises(NeedsAnother):
        review.approve(office.desk, signature, office.by)
    review.approve(office.desk, changed, office.by)
    signature = review.approve(office.desk, signature, office.by)
    template = office.submitted(TEMPLATE)
    submit.remove(office.desk, signature, office.by)
    with pytest.raises(NeedsAnother):
        review.approve(office.desk, template, office.by)


def test_a_qualification_that_carries_a_signature_stays(office: Office) -> None:
    signature = office.signed()
    qualification = office.desk.submission(signature.qualification)
    assert qualification is not None
    with pytest.raises(NeedsAnother, match=NAME):
        submit.remove(office.desk, qualification, office.by)
    submit.remove(office.desk, signature, office.by)
    # Those of others, and those that were rejected, keep nothing.
    abroad = office.submitted(ABROAD)
    again = office.submitted(SIGNATURE, qualification=qualification.id)
    review.reject(office.desk, again, office.by, "不清晰")
    submit.remove(office.desk, qualification, office.by)
    assert office.desk.submissions(Subject.QUALIFICATION) == []
    assert office.now(abroad).status == ReviewStatus.IN_REVIEW


def test_what_was_rejected_says_why_and_is_handed_in_again(office: Office) -> None:
    qualification = office.qualified()
    one = office.submitted(SIGNATURE, qualification=qualification)
    one = review.reject(office.desk, one, office.by, "小程序名称与签名不一致")
    assert (office.now(one).status, review.reply_to(one)) == (-1, "小程序名称与签名不一致")
    office.world.clock.pass_by(HOUR)
    again = msgspec.structs.replace(SIGNATURE, proof=png(900, 900))
    second = office.submitted(again, qualification=qualification, again=one)
    assert (second.id, second.status, second.reason) == (one.id, ReviewStatus.IN_REVIEW, "")
    assert second.created_at == one.created_at < second.submitted_at
    assert papers.put_together(second.subject, office.desk.papers(second.id)) == again


def test_a_template_is_changed_until_it_is_approved(office: Office) -> None:
    office.signed()
    first = office.submitted(TEMPLATE)
    shorter = msgspec.structs.replace(TEMPLATE, body="验证码{1}，{2}分钟内有效。")
    second = office.submitted(shorter, again=first)
    assert (second.id, second.template) == (first.id, first.template)
    assert office.template(second).source == shorter.body
    approved = review.approve(office.desk, second, office.by)
    with pytest.raises(Flawed) as refused:
        office.submitted(TEMPLATE, again=approved)
    assert [one.rule for one in refused.value.findings] == ["template.approved"]
    assert office.template(second).source == shorter.body


def test_words_that_may_have_gone_out_stay_what_they_are(office: Office) -> None:
    """Records show texts by their template, whatever becomes of it."""
    office.signed()
    one = office.approved(TEMPLATE)
    one = office.now(review.reject(office.desk, one, office.by, "被投诉"))
    old = office.desk.add_template(office.account, "old", TEMPLATE.kind, "", "验证码{1}")
    office.desk.review_template(old, Review.REJECTED, "被投诉")
    submit.adopt(office.desk, office.account)
    other = office.desk.submission_of(old)
    assert other is not None
    for rejected in (one, other):
        before = office.template(rejected).source
        with pytest.raises(Flawed) as refused:
            office.submitted(msgspec.structs.replace(TEMPLATE, body="验证码：{1}"), again=rejected)
        assert [found.rule for found in refused.value.findings] == ["template.approved"]
        assert office.template(rejected).source == before


def test_only_what_waits_is_withdrawn(office: Office) -> None:
    qualification = office.submitted(QUALIFICATION)
    incomplete = review.ask_for_more(office.desk, qualification, office.by, "请补充承诺函")
    submit.withdraw(office.desk, incomplete, office.by)
    with pytest.raises(UnknownSubmission):
        submit.find(office.desk, Subject.QUALIFICATION, qualification.id)
    assert office.desk.papers(qualification.id) == {}
    signature = office.signed()
    with pytest.raises(WrongState):
        submit.withdraw(office.desk, signature, office.by)
    template = office.submitted(TEMPLATE)
    submit.withdraw(office.desk, template, office.by)
    assert office.template(template).review is Review.REJECTED
    with pytest.raises(WrongState):
        review.approve(office.desk, office.now(template), office.by)


@pytest.mark.parametrize("last", [Filing.PENDING, Filing.REFUSED])
def test_a_signature_is_as_good_as_its_carriers_say(office: Office, last: Filing) -> None:
    one = office.signed()
    one = office.filed(one, Carrier.MOBILE, Filing.REFUSED)
    assert (one.status, office.signatures()) == (ReviewStatus.APPROVED, {})
    one = office.filed(one, Carrier.UNICOM, Filing.REFUSED)
    one = office.filed(one, Carrier.TELECOM, last)
    assert office.signatures() == {}
    is_over = last is Filing.REFUSED
    assert (one.status, bool(one.reason)) == (-1 if is_over else 2, is_over)
    assert one.facts.filings[Carrier.TELECOM] is last


def test_what_is_not_approved_or_is_for_abroad_is_not_filed(office: Office) -> None:
    waiting = office.submitted(SIGNATURE, qualification=office.qualified())
    abroad = office.approved(ABROAD)
    assert abroad.status == ReviewStatus.USABLE
    for one in (waiting, abroad):
        with pytest.raises(WrongState):
            office.filed(one, Carrier.MOBILE)


def test_one_name_may_be_approved_for_both_sides_of_the_border(office: Office) -> None:
    one = office.signed()
    other = office.approved(msgspec.structs.replace(ABROAD, name=NAME))
    assert office.signatures() == {NAME: Scope.BOTH}
    with pytest.raises(Flawed, match="approved or in review already"):
        office.submitted(msgspec.structs.replace(ABROAD, name=NAME))
    submit.remove(office.desk, one, office.by)
    assert office.signatures() == {NAME: Scope.ABROAD}
    review.reject(office.desk, other, office.by, "过期")
    assert office.signatures() == {}


def test_nobody_sees_or_changes_what_is_another_accounts(office: Office) -> None:
    one = office.signed()
    other = Office(office.world)
    with pytest.raises(UnknownSubmission):
        submit.find(office.desk, Subject.SIGNATURE, one.id, account=other.account)
    with pytest.raises(UnknownSubmission):
        other.submitted(SIGNATURE, qualification=one.qualification)
    with pytest.raises(UnknownSubmission):
        submit.find(office.desk, Subject.QUALIFICATION, one.id)
    for number in (-1, 0, 1 << 63, 1 << 80):
        with pytest.raises(UnknownSubmission):
            submit.find(office.desk, Subject.TEMPLATE, number)


def test_an_individual_hands_nothing_in(office: Office) -> None:
    office.account = office.desk.create_account("张三丰", "personal")
    with pytest.raises(Flawed, match="individual"):
        office.submitted(QUALIFICATION)


def test_the_platform_of_today_refuses_what_the_guide_does(office: Office) -> None:
    number = office.qualified()
    with pytest.raises(Flawed) as refused:
        office.counter(Rulebook.LIVE).submit(SIGNATURE, qualification=number)
    assert {one.rule for one in refused.value.findings} == {
        "signature.kind_closed",
        "signature.document_closed",
    }


def test_an_account_has_a_bound_of_signatures(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "MOST_SIGNATURES", 1)
    one = office.submitted(ABROAD)
    with pytest.raises(TooMany):
        office.submitted(msgspec.structs.replace(ABROAD, name="AAOther"))
    assert office.submitted(ABROAD, again=one).id == one.id


def test_what_the_operator_added_stands_in_the_lists(office: Office) -> None:
    office.desk.add_signature(office.account, "老签名")
    made = office.desk.add_template(
        office.account, "old", TEMPLATE.kind, "老签名", "验证码{1}", Scope.BOTH
    )
    submit.adopt(office.desk, office.account)
    submit.adopt(office.desk, office.account)
    assert papers.put_together(Subject.SIGNATURE, office.desk.papers(1)) is None
    [signature] = office.desk.submissions(Subject.SIGNATURE, office.account)
    assert (signature.status, signature.name) == (ReviewStatus.USABLE, "老签名")
    [template] = office.desk.submissions(Subject.TEMPLATE, office.account)
    assert (template.status, template.template) == (ReviewStatus.IN_REVIEW, made)
    assert review.decide_due(office.desk, 0, office.world.clock()) == 0
    assert review.approve(office.desk, template, office.by).status == ReviewStatus.USABLE
    assert review.reject(office.desk, office.now(template), office.by, "no").status == -1
    assert review.approve(office.desk, office.now(template), office.by).status == 0
    submit.remove(office.desk, signature, office.by)
    assert office.signatures() == {}
    submit.adopt(office.desk, office.account)
    assert office.desk.submissions(Subject.SIGNATURE, office.account) == []


def test_development_decides_by_itself_after_a_while(office: Office) -> None:
    clock = office.world.clock
    qualification = office.submitted(QUALIFICATION)
    clock.pass_by(SECOND)
    assert review.decide_due(office.desk, 2 * SECOND, clock()) == 0
    clock.pass_by(SECOND)
    assert review.decide_due(office.desk, 2 * SECOND, clock()) == 1
    good = office.submitted(SIGNATURE, qualification=qualification.id)
    bad = msgspec.structs.replace(ABROAD, proof=png(20, 20))
    flawed = office.submitted(bad, stops=lambda _: False)
    assert review.decide_due(office.desk, 0, clock()) == 2
    assert office.now(good).status == ReviewStatus.USABLE
    assert office.now(flawed).status == ReviewStatus.REJECTED
    assert "300" in office.now(flawed).reason
    told = office.desk.audits(10, f"signature {good.id}")
    assert {one.who for one in told} == {review.DEVELOPMENT, "tester"}
    assert review.decide_due(office.desk, 0, clock()) == 0


def test_development_waits_for_what_others_decide(office: Office) -> None:
    signature = office.submitted(SIGNATURE, qualification=office.qualified())
    qualification = office.desk.submission(signature.qualification)
    office.submitted(QUALIFICATION, again=qualification)
    # The change is decided with it, or first: it is older.
    assert review.decide_due(office.desk, 0, office.world.clock()) == 2
    assert office.now(signature).status == ReviewStatus.USABLE


def test_development_leaves_what_lacks_something(office: Office) -> None:
    signature = office.submitted(SIGNATURE, qualification=office.qualified())
    qualification = office.desk.submission(signature.qualification)
    changed = office.submitted(QUALIFICATION, again=qualification)
    review.reject(office.desk, changed, office.by, "公章不清晰")
    assert review.decide_due(office.desk, 0, office.world.clock()) == 0
    assert office.now(signature).status == ReviewStatus.IN_REVIEW


def test_no_lint_at_all_lets_an_approved_one_be_changed(office: Office) -> None:
    approved = office.signed()
    with pytest.raises(WrongState, match="apply for another"):
        office.submitted(SIGNATURE, again=approved, stops=lambda _: False)
    assert office.now(approved) == approved


def test_a_change_that_comes_again_is_answered_as_the_first_was(office: Office) -> None:
    key, now = office.world.mark("signature", b"request"), office.world.clock
    assert office.desk.done(key, now() - REPEATED_WITHIN) is None
    office.desk.put_done(key, b"the answer", now())
    now.pass_by(10 * MINUTE + SECOND - 1)
    assert office.desk.done(key, now() - REPEATED_WITHIN) == b"the answer"
    now.pass_by(1)
    assert office.desk.done(key, now() - REPEATED_WITHIN) is None
    office.desk.put_done(office.world.mark("other", b"request"), b"another", now())
    assert office.desk.done(key, 0) is None, "it is forgotten"


def test_nothing_is_kept_of_what_was_refused_half_way(office: Office) -> None:
    office.signed()
    before = office.desk.directory().version
    clumsy = msgspec.structs.replace(TEMPLATE, body="验证码{2}")
    with pytest.raises(Exception, match="placeholders"):
        office.submitted(clumsy, stops=lambda _: False)
    assert office.desk.submissions(Subject.TEMPLATE) == []
    assert office.desk.directory().version == before


def test_a_form_tells_nothing_of_itself() -> None:
    for form in (QUALIFICATION, CARD, SIGNATURE):
        assert "AA" not in repr(form)
