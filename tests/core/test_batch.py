"""The accept batch as a pure fold: the same for the same, in order, nothing of what is refused."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core import limit
from hongyan.core.batch import Decided
from hongyan.core.command import (
    Approved,
    Check,
    Command,
    Consume,
    Consumed,
    Declined,
    Queued,
    Resend,
    Sent,
    Start,
    Started,
)
from hongyan.core.draft import Draft
from hongyan.core.errors import (
    CodeRefused,
    HongyanError,
    KeyReused,
    Limited,
    NoBalance,
    NoSendsLeft,
    ProofInvalid,
    ProofUsed,
    StepUpRequired,
)
from hongyan.core.identifier import MemberId
from hongyan.core.policy import Policy
from hongyan.core.time import DAY, HOUR, MINUTE
from hongyan.core.verification import Rules, send_tag
from support.desk import BAD, GOOD, OTHER, Book, Desk


def contents(draft: Draft) -> dict[str, object]:
    return {name: value for name, value in vars(draft).items() if name != "_snapshot"}


def told(answer: Decided) -> object:
    """An answer, or an error, as something that can be compared."""
    return (type(answer), vars(answer)) if isinstance(answer, HongyanError) else answer


# A fold: the same again for the same, in order, nothing of what is refused.


def test_the_same_commands_over_the_same_book_have_the_same_answers() -> None:
    desk = Desk()
    started = desk.start(ip=1)
    batch: list[Command] = [
        started,
        desk.start(),
        desk.check(started, BAD),
        desk.check(started),
        desk.send(1, 2),
    ]
    (answers, draft), (again, other) = desk.draft(*batch), desk.draft(*batch)
    assert list(map(told, answers)) == list(map(told, again))
    assert contents(draft) == contents(other)


def test_answers_stand_in_the_order_of_their_commands() -> None:
    desk = Desk()
    started = desk.start()
    checked = desk.check(started)
    answers = desk.decide(
        desk.send(2),
        started,
        desk.start(),
        checked,
        desk.check(started),
        Consume(1, started.verification, checked.proof),
        Consume(1, started.verification, checked.proof),
    )
    assert [type(one) for one in answers] == [
        Sent,
        Started,
        Limited,
        Approved,
        CodeRefused,
        Consumed,
        ProofUsed,
    ]


def _approved(desk: Desk) -> tuple[Start, Check]:
    started = desk.start()
    checked = desk.check(started)
    desk.decide(started, checked)
    return started, checked


def _with_no_sends_left(desk: Desk) -> Resend:
    started = desk.start()
    desk.decide(started)
    desk.now += 6 * MINUTE
    return desk.resend(started)


def _too_soon(desk: Desk) -> Resend:
    started = desk.start()
    desk.decide(started)
    return desk.resend(started)


def _with_a_used_key(desk: Desk) -> Start:
    desk.decide(desk.start(key=1))
    return desk.start(2, key=1)


def _without_a_step_up(desk: Desk) -> Start:
    for openid in range(1, 6):
        desk.decide(desk.start(openid=openid))
        desk.now += HOUR
    return desk.start(openid=6)


def _of_another_app(desk: Desk) -> Consume:
    started, checked = _approved(desk)
    return Consume(2, started.verification, checked.proof)


def _with_another_proof(desk: Desk) -> Consume:
    started, _ = _approved(desk)
    return Consume(1, started.verification, b"another")


def _of_a_used_proof(desk: Desk) -> Consume:
    started, checked = _approved(desk)
    desk.decide(Consume(1, started.verification, checked.proof))
    return Consume(1, started.verification, checked.proof)


def _in_the_cool_down(desk: Desk) -> Start:
    desk.decide(desk.start())
    return desk.start()


def _without_balance(desk: Desk) -> Start:
    desk.book.balances[1] = 0
    return desk.start()


REFUSED: list[tuple[Callable[[Desk], Command], type[HongyanError]]] = [
    (_in_the_cool_down, Limited),
    (_without_balance, NoBalance),
    (_without_a_step_up, StepUpRequired),
    (_with_a_used_key, KeyReused),
    (_too_soon, Limited),
    (_with_no_sends_left, NoSendsLeft),
    (lambda desk: desk.resend(desk.start()), CodeRefused),
    (lambda desk: Consume(1, desk.start().verification, b""), ProofInvalid),
    (_of_another_app, ProofInvalid),
    (_with_another_proof, ProofInvalid),
    (_of_a_used_proof, ProofUsed),
]


@pytest.mark.parametrize(("asks", "error"), REFUSED)
def test_nothing_is_kept_of_a_command_that_is_refused(
    asks: Callable[[Desk], Command], error: type[HongyanError]
) -> None:
    desk = Desk(rules=Rules(Policy(), step_up=True))
    [answer], draft = desk.draft(asks(desk))
    assert type(answer) is error
    assert contents(draft) == contents(Draft(desk.book, desk.now))


def test_nothing_is_kept_of_numbers_that_are_declined() -> None:
    desk = Desk(Book(balance=0))
    [answer], draft = desk.draft(desk.send(1, 2, key=1))
    assert answer == Sent((Declined(), Declined()))
    assert contents(draft) == contents(Draft(desk.book, desk.now))


def test_what_a_message_counted_is_just_what_can_be_given_back() -> None:
    desk = Desk()
    desk.decide(desk.start(ip=1), desk.send(2, limited=True))
    desk.now += HOUR
    _, draft = desk.draft(desk.start(ip=1), desk.send(2, limited=True))
    for message, hits in draft.queued:
        for mark, tag in hits:
            given_back = limit.dropped(draft.histories[mark], desk.now, tag)
            assert given_back == desk.book.history(mark), message


def test_an_account_is_charged_for_what_is_queued() -> None:
    desk = Desk(Book(balance=5))
    answers, draft = desk.draft(*(desk.send(1, 2) for _ in range(3)))
    assert [len(draft.queued), draft.charged[1], draft.balances[1]] == [5, 5, 0]
    assert [type(one) for one in answers[2].messages] == [Queued, Declined]  # type: ignore[union-attr] # a Sent


# Idempotency: row 26.


def test_a_key_that_comes_twice_in_a_batch_gets_the_first_answer() -> None:
    desk = Desk()
    started = desk.start(key=1)
    checked, wrong = desk.check(started, key=2), desk.check(started, BAD, key=3)
    for command in (started, wrong, checked, desk.send(2, key=4)):
        (first, second), draft = desk.draft(command, command)
        assert told(first) == told(second)
        assert len(draft.queued) + len(draft.changed) == 1
        desk.book.take(draft)


def test_a_key_that_comes_with_another_request_is_refused_in_the_same_batch() -> None:
    desk = Desk()
    answers = desk.decide(desk.send(1, key=1), desk.send(2, key=1), desk.start(key=1))
    assert [type(one) for one in answers] == [Sent, KeyReused, KeyReused]
    assert len(desk.book.queued) == 1


def test_a_kept_answer_holds_no_number_and_is_given_with_it() -> None:
    desk = Desk()
    started = desk.start(key=1)
    [first, approved] = desk.decide(started, desk.check(started, key=2))
    assert "138" not in repr(desk.book.answers)
    desk.now += DAY - 1
    assert desk.decide(started, desk.check(started, key=2))[:1] == [first]
    assert isinstance(approved, Approved)
    assert approved.phone == started.message.phone


def test_a_start_that_was_refused_keeps_its_key_free() -> None:
    desk = Desk()
    _, second = desk.decide(desk.start(), desk.start(key=1))
    desk.now += MINUTE
    assert isinstance(second, Limited)
    assert isinstance(desk.decide(desk.start(key=1))[0], Started)


# Checks: rows 7, 22.


def _unknown(desk: Desk) -> Check:
    return desk.check(desk.start())


def _of_nothing(desk: Desk) -> Check:
    return msgspec.structs.replace(desk.check(desk.start()), verification=None)


def _used(desk: Desk) -> Check:
    started, _ = _approved(desk)
    return desk.check(started)


def _locked(desk: Desk) -> Check:
    started = desk.start()
    desk.decide(started, *(desk.check(started, BAD) for _ in range(5)))
    return desk.check(started)


def _waiting(**who: Any) -> Callable[[Desk], Check]:
    """A check of a verification that is alive."""

    def asks(desk: Desk) -> Check:
        started = desk.start(openid=1)
        desk.decide(started)
        desk.now += who.get("later", 0)
        return desk.check(started, **who)

    return asks


@pytest.mark.parametrize(
    "asks",
    [
        pytest.param(_waiting(openid=1), id="right"),
        pytest.param(_waiting(openid=1, code=BAD), id="wrong"),
        pytest.param(_waiting(openid=2), id="another_openid"),
        pytest.param(_waiting(openid=1, app=2), id="another_app"),
        pytest.param(_waiting(openid=1, later=10 * MINUTE), id="dead"),
        pytest.param(_waiting(openid=1, later=5 * MINUTE), id="dead_code"),
        _unknown,
        _of_nothing,
        _used,
        _locked,
    ],
)
def test_every_check_costs_one_hash(asks: Callable[[Desk], Check]) -> None:
    desk = Desk()
    check = asks(desk)
    before = desk.compared.total()
    desk.decide(check)
    assert desk.compared.total() == before + 1


@pytest.mark.parametrize("asks", [_unknown, _of_nothing, _used, _locked, _waiting(openid=1, app=2)])
def test_a_check_with_nothing_to_compare_is_written_too_and_changes_nothing(
    asks: Callable[[Desk], Check],
) -> None:
    desk = Desk()
    [answer], draft = desk.draft(asks(desk))
    assert isinstance(answer, CodeRefused)
    assert contents(draft) == contents(Draft(desk.book, desk.now)) | {"probes": 1}


def test_a_phone_that_passes_twice_in_a_batch_is_one_member() -> None:
    desk = Desk()
    one, other = desk.start(), desk.start(purpose="login")
    desk.decide(one)
    desk.now += MINUTE
    desk.decide(other)
    answers = desk.decide(
        desk.check(one, member=MemberId(71)), desk.check(other, member=MemberId(72))
    )
    assert [(one.member, one.new_member) for one in answers if isinstance(one, Approved)] == [
        (71, True),
        (71, False),
    ]


def test_who_passes_is_known_to_the_next_command_of_the_batch() -> None:
    desk = Desk()
    started = desk.start(openid=1)
    desk.decide(started)
    desk.now += MINUTE
    again = desk.start(openid=1)
    desk.decide(desk.check(started, openid=1), again)
    sends = desk.book.history(again.message.phone_mark)
    assert next(limit.events(sends))[1] == send_tag(again.caller, "register", known=True)


# A batch is no more than its commands.

Asked = tuple[str, int, int, int, int]

asked = st.tuples(
    st.sampled_from(["send", "name", "knock", "start", "resend", "check", "consume", "wait"]),
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(0, 3),
    st.integers(0, 2),
)


def _of_an_app(desk: Desk, asks: Asked) -> Command:
    """A text; `name` by one that names its messages and users, and comes in by a secret."""
    word, which, openid, key, app = asks
    if word == "knock":
        return desk.knock(openid, right=key == 0)
    numbers = range(1, which + 2)
    if word == "send":
        return desk.send(*numbers, key=key, limited=openid == 1)
    return desk.send(*numbers, limited=openid == 1, reference=key, client=app, door=openid)


def _command(desk: Desk, asks: Asked, starts: list[Start]) -> Command | None:
    word, which, openid, key, app = asks
    if word in {"send", "name", "knock"}:
        return _of_an_app(desk, asks)
    start = starts[-1 - which % len(starts)] if starts else desk.start()
    match word:
        case "start":
            started = desk.start(which, openid=openid, app=max(app, 1), ip=which, key=key)
            starts.append(started)
            return started
        case "resend":
            return desk.resend(start, openid=openid)
        case "check":
            code = (GOOD, OTHER, BAD, BAD)[key]
            return desk.check(start, code, openid=openid, member=MemberId(desk.made))
        case "consume":
            proof = desk.book.verifications.get(start.verification)
            return Consume(max(app, 1), start.verification, (proof and proof.proof) or b"")
        case _:
            return None


@given(st.lists(st.lists(asked, max_size=8), max_size=12))
def test_a_batch_answers_as_its_commands_would_one_by_one(rounds: list[list[Asked]]) -> None:
    together, singly = Desk(Book(balance=20)), Desk(Book(balance=20))
    starts: list[Start] = []
    for each in rounds:
        commands = [one for asks in each if (one := _command(together, asks, starts))]
        answers = together.decide(*commands)
        one_by_one = [singly.decide(command)[0] for command in commands]
        assert list(map(told, answers)) == list(map(told, one_by_one))
        assert vars(together.book) == vars(singly.book)
        together.now = singly.now = together.now + (len(each) - len(commands)) * MINUTE
