"""The accept batch for apps that name their messages and users, and come in by a secret: references,
client windows, doors.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core import door, limit
from hongyan.core.batch import Decided
from hongyan.core.command import Declined, Opened, Queued, Sent
from hongyan.core.draft import Draft
from hongyan.core.errors import Limited, NoBalance, ReferenceUsed, WrongSecret
from hongyan.core.time import DAY, HOUR, SECOND
from support.desk import NOW, Book, Desk


def told(answer: Decided) -> list[str]:
    """What became of each number of a Send, in a word."""
    assert isinstance(answer, Sent), answer
    return [
        "queued" if isinstance(one, Queued) else type(one.error()).__name__
        for one in answer.messages
    ]


def contents(draft: Draft) -> dict[str, object]:
    return {name: value for name, value in vars(draft).items() if name != "_snapshot"}


@pytest.fixture
def desk() -> Desk:
    return Desk()


# References.


def test_a_reference_is_good_once_in_a_batch_and_in_a_day(desk: Desk) -> None:
    first, second = desk.decide(desk.send(1, reference=1), desk.send(2, reference=1))
    assert (told(first), told(second)) == (["queued"], ["ReferenceUsed"])
    desk.now += DAY - 1
    assert told(desk.decide(desk.send(1, reference=1))[0]) == ["ReferenceUsed"]
    desk.now += 1
    assert told(desk.decide(desk.send(1, reference=1))[0]) == ["queued"]
    assert told(desk.decide(desk.send(1, reference=1))[0]) == ["ReferenceUsed"]


def test_of_the_numbers_of_one_send_the_first_takes_the_reference(desk: Desk) -> None:
    assert told(desk.decide(desk.send(1, 2, 3, reference=1))[0]) == [
        "queued",
        "ReferenceUsed",
        "ReferenceUsed",
    ]


def test_messages_without_a_reference_have_none_in_common(desk: Desk) -> None:
    assert told(desk.decide(desk.send(1, 2, 1))[0]) == ["queued"] * 3
    assert desk.book.references == {}


def test_a_message_that_is_declined_takes_no_reference() -> None:
    desk = Desk(Book(balance=1))
    answers = desk.decide(
        desk.send(1, limited=True),
        desk.send(1, limited=True, reference=1),
        desk.send(2, reference=2),
    )
    assert [told(one) for one in answers] == [["queued"], ["Limited"], ["NoBalance"]]
    assert desk.book.references == {}


def test_a_used_reference_is_told_before_a_limit_and_the_balance() -> None:
    desk = Desk(Book(balance=1))
    desk.decide(desk.send(1, limited=True, reference=1))
    again = desk.send(1, limited=True, reference=1)
    assert told(desk.decide(again)[0]) == ["ReferenceUsed"]
    [other] = desk.decide(desk.send(1, limited=True, reference=2))
    assert told(other) == ["Limited"]


def test_what_was_declined_says_why() -> None:
    assert isinstance(Declined(reference_used=True).error(), ReferenceUsed)
    assert isinstance(Declined().error(), NoBalance)
    limited = Declined("1h", NOW, "client").error()
    assert isinstance(limited, Limited)
    assert (limited.scope, limited.window, limited.retry_at) == ("client", "1h", NOW)


# Client windows.


def test_a_client_is_counted_over_all_numbers(desk: Desk) -> None:
    batch = [desk.send(phone, limited=True, client=1) for phone in (1, 2)]
    first, second = desk.decide(*batch)
    assert told(first) == ["queued"]
    assert isinstance(second, Sent)
    [declined] = second.messages
    assert declined == Declined("1h", desk.now + HOUR, "client")


def test_who_has_no_name_is_nobodys_client(desk: Desk) -> None:
    answers = desk.decide(*(desk.send(phone, limited=True) for phone in (1, 2, 3)))
    assert [told(one) for one in answers] == [["queued"]] * 3


def test_a_number_that_is_used_up_is_told_before_its_client(desk: Desk) -> None:
    desk.decide(desk.send(1, limited=True, client=1))
    [answer] = desk.decide(desk.send(1, limited=True, client=1))
    assert isinstance(answer, Sent)
    [declined] = answer.messages
    assert isinstance(declined, Declined)
    assert declined.scope == "phone"


def test_what_one_limit_declines_the_other_does_not_count(desk: Desk) -> None:
    desk.decide(desk.send(1, limited=True, client=1))
    declined = [desk.send(1, limited=True, client=2), desk.send(2, limited=True, client=1)]
    answers, draft = desk.draft(*declined)
    assert [told(one) for one in answers] == [["Limited"], ["Limited"]]
    assert contents(draft) == contents(Draft(desk.book, desk.now))
    assert told(desk.decide(desk.send(2, limited=True, client=2))[0]) == ["queued"]


def test_what_a_client_counted_is_just_what_can_be_given_back(desk: Desk) -> None:
    desk.decide(desk.send(1, limited=True, client=1))
    desk.now += HOUR
    _, draft = desk.draft(desk.send(1, limited=True, client=1))
    [(_, hits)] = draft.queued
    assert len(hits) == 2
    for mark, tag in hits:
        assert limit.dropped(draft.histories[mark], desk.now, tag) == desk.book.history(mark)


# Doors.


def test_the_guesses_of_a_batch_count_for_each_other(desk: Desk) -> None:
    answers, draft = desk.draft(*[desk.knock()] * 12, desk.knock(right=True), desk.knock(2))
    assert [type(one) for one in answers] == [WrongSecret] * 14
    assert len(draft.hits) == door.FREE + 1


def test_an_open_door_opens_to_the_right_secret_and_keeps_nothing(desk: Desk) -> None:
    desk.decide(*[desk.knock()] * (door.FREE - 1))
    [answer], draft = desk.draft(desk.knock(right=True))
    assert isinstance(answer, Opened)
    assert contents(draft) == contents(Draft(desk.book, desk.now))


def test_a_send_at_a_shut_door_is_a_wrong_secret_and_keeps_nothing(desk: Desk) -> None:
    desk.decide(*[desk.knock()] * door.FREE)
    send = desk.send(1, limited=True, reference=1, client=1, door=1, key=1)
    [answer], draft = desk.draft(send)
    assert isinstance(answer, WrongSecret)
    assert contents(draft) == contents(Draft(desk.book, desk.now))
    desk.now += SECOND
    assert told(desk.decide(send)[0]) == ["queued"]


def test_a_send_by_another_door_or_none_goes_on(desk: Desk) -> None:
    desk.decide(*[desk.knock()] * door.FREE)
    answers = desk.decide(desk.send(1, door=2), desk.send(2), desk.knock(2, right=True))
    assert [type(one) for one in answers] == [Sent, Sent, Opened]


@given(st.lists(st.integers(1, 64), max_size=20), st.integers(0, 40))
def test_however_guesses_are_batched_a_door_lets_as_many_through(
    batches: list[int], wait_s: int
) -> None:
    together, singly = Desk(), Desk()
    for size in batches:
        together.decide(*[together.knock() for _ in range(size)])
        for _ in range(size):
            singly.decide(singly.knock())
        assert vars(together.book) == vars(singly.book)
        together.now = singly.now = together.now + wait_s * SECOND
    counted = sum(limit.count(history) for history in together.book.histories.values())
    assert counted <= door.KEPT
