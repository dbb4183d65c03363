"""The accept batch for calls of others' protocols: the same text again, opt-outs, links, statistics,
refusals that are kept.
"""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core import limit, opt_out
from hongyan.core.batch import Decided
from hongyan.core.command import Declined, Hear, Heard, Link, Queued, Reply, Send, Sent
from hongyan.core.draft import Draft, Tally
from hongyan.core.errors import KeyReused, Limited, OptedOut
from hongyan.core.limit import Window
from hongyan.core.mark import Mark
from hongyan.core.message import Kind
from hongyan.core.time import HOUR
from support.desk import NOW, Book, Desk

HOURLY = (Window("1h", 1, HOUR),)


def told(answer: Decided) -> list[str]:
    """What became of each number of a Send, in a word."""
    assert isinstance(answer, Sent), answer
    return [
        "queued" if isinstance(one, Queued) else one.scope if one.window else word(one)
        for one in answer.messages
    ]


def word(declined: Declined) -> str:
    return type(declined.error()).__name__


def contents(draft: Draft) -> dict[str, object]:
    return {name: value for name, value in vars(draft).items() if name != "_snapshot"}


def call(desk: Desk, *phones: int, content: int = 0, **words: Any) -> Send:
    """With `content`, the same text to each of the numbers, once an hour."""
    send = desk.send(*phones, key=words.pop("key", 0), limited=words.pop("limited", False))
    if content:
        marks = tuple([Mark(content << 48 | phone) for phone in phones])
        send = msgspec.structs.replace(send, contents=marks, content_windows=HOURLY)
    return msgspec.structs.replace(send, **words)


def marketing(desk: Desk, *phones: int, **words: Any) -> Send:
    send = desk.send(*phones)
    messages = [msgspec.structs.replace(one, kind=Kind.MARKETING) for one in send.messages]
    return msgspec.structs.replace(send, messages=tuple(messages), **words)


def reply(desk: Desk, phone: int, *, opts_out: bool = True, account: int = 1) -> Hear:
    """From a number, about a text of an app of the account."""
    one = desk.message(phone)
    return Hear(
        Reply(
            id=one.id,
            account=account,
            app=1,
            phone=one.phone,
            phone_mark=one.phone_mark,
            text="R",
            at=desk.now,
            opts_out=opts_out,
        )
    )


@pytest.fixture
def desk() -> Desk:
    return Desk()


# The same text.


def test_the_same_text_to_the_same_number_waits_for_its_window(desk: Desk) -> None:
    first, second = desk.decide(call(desk, 1, 2, 1, content=1), call(desk, 1, 3, content=1))
    assert (told(first), told(second)) == (["queued", "queued", "content"], ["content", "queued"])
    assert told(desk.decide(call(desk, 1, content=2))[0]) == ["queued"]
    desk.now += HOUR
    assert told(desk.decide(call(desk, 1, content=1))[0]) == ["queued"]


def test_who_repeats_a_text_is_told_so_before_anything_of_the_number(desk: Desk) -> None:
    desk.decide(call(desk, 1, content=1, limited=True))
    again, other = desk.decide(
        call(desk, 1, content=1, limited=True), call(desk, 1, content=2, limited=True)
    )
    assert (told(again), told(other)) == (["content"], ["phone"])
    assert isinstance(again, Sent)
    [declined] = again.messages
    assert isinstance(declined, Declined)
    error = declined.error()
    assert isinstance(error, Limited)
    assert (error.scope, error.window, error.retry_at) == ("content", "1h", NOW + HOUR)


def test_what_is_declined_is_counted_nowhere(desk: Desk) -> None:
    desk.decide(call(desk, 1, content=1, limited=True))
    _, draft = desk.draft(call(desk, 1, content=2, limited=True))
    assert contents(draft) == contents(Draft(desk.book, desk.now))


def test_what_a_text_counted_is_just_what_can_be_given_back(desk: Desk) -> None:
    _, draft = desk.draft(call(desk, 1, content=1, limited=True))
    [(_, hits)] = draft.queued
    assert [mark for mark, _ in hits] == list(draft.histories)
    for mark, tag in hits:
        assert limit.dropped(draft.histories[mark], desk.now, tag) == limit.NO_EVENTS


# Opt-outs.


def test_who_opted_out_gets_no_marketing_but_all_else(desk: Desk) -> None:
    assert isinstance(desk.decide(reply(desk, 1))[0], Heard)
    [answer] = desk.decide(marketing(desk, 1, 2))
    assert told(answer) == ["OptedOut", "queued"]
    assert told(desk.decide(desk.send(1))[0]) == ["queued"]
    [started] = desk.decide(desk.start(1))
    assert not isinstance(started, OptedOut)
    assert desk.book.balances == {1: 1_000 - 3}


def test_an_opt_out_holds_for_what_comes_after_it_in_the_same_batch(desk: Desk) -> None:
    before, _, after = desk.decide(marketing(desk, 1), reply(desk, 1), marketing(desk, 1))
    assert (told(before), told(after)) == (["queued"], ["OptedOut"])


def test_another_reply_and_one_to_another_account_stop_nothing(desk: Desk) -> None:
    desk.decide(reply(desk, 1, opts_out=False), reply(desk, 1, account=2))
    assert told(desk.decide(marketing(desk, 1))[0]) == ["queued"]
    assert desk.book.opt_outs == {opt_out.mark_of(2, desk.message(1).phone_mark)}


def test_an_opt_out_is_looked_up_for_marketing_only() -> None:
    asked = []

    class Curious(Book):
        def opted_out(self, mark: Mark) -> bool:
            asked.append(mark)
            return False

    desk = Desk(Curious())
    desk.decide(desk.send(1), desk.start(2))
    assert asked == []
    desk.decide(marketing(desk, 1))
    assert asked == [opt_out.mark_of(1, desk.message(1).phone_mark)]


# Links.


def linked(send: Send) -> Send:
    links = [Link(one.id + 7, one.id, "env", "/", NOW + HOUR) for one in send.messages]
    return msgspec.structs.replace(send, links=tuple(links))


def test_links_are_kept_of_what_is_queued(desk: Desk) -> None:
    send = linked(call(desk, 1, 2, 1, content=1))
    answers, draft = desk.draft(linked(desk.send(3)), send)
    assert [told(one) for one in answers] == [["queued"], ["queued", "queued", "content"]]
    assert draft.links[1:] == list(send.links[:2])
    assert len(draft.links) == 3


# Statistics.


def test_a_tally_is_of_what_was_asked_taken_and_charged() -> None:
    desk = Desk(Book(balance=3))
    _, draft = desk.draft(
        call(desk, 1, 1, 2, content=1, tallied=True, refused=4, app=1),
        call(desk, 3, 4, tallied=True),
        call(desk, 5),
        call(desk, app=2, tallied=True, refused=1),
    )
    assert draft.tallies == {1: Tally(9, 3, 3), 2: Tally(1, 0, 0)}


def test_of_a_repeated_call_nothing_is_counted(desk: Desk) -> None:
    again = call(desk, 1, key=1, tallied=True, refused=2)
    _, draft = desk.draft(again, again, again)
    assert draft.tallies == {1: Tally(3, 1, 1)}


# Refusals.


def test_a_refused_call_stays_refused_where_that_is_asked_for() -> None:
    desk = Desk(Book(balance=0))
    kept = call(desk, 1, key=1, keeps_refusals=True)
    [refused] = desk.decide(kept)
    desk.book.balances[1] = 5
    assert desk.decide(kept) == [refused]
    assert desk.book.queued == []
    assert isinstance(desk.decide(call(desk, 2, key=1, keeps_refusals=True))[0], KeyReused)


def test_other_refused_calls_may_come_again() -> None:
    desk = Desk(Book(balance=0))
    again = call(desk, 1, key=1)
    desk.decide(again)
    desk.book.balances[1] = 5
    assert told(desk.decide(again)[0]) == ["queued"]


# However they meet.

calls = st.fixed_dictionaries(
    {
        "phones": st.lists(st.integers(1, 3), max_size=4),
        "content": st.integers(0, 2),
        "key": st.integers(0, 2),
        "limited": st.booleans(),
        "tallied": st.booleans(),
        "keeps_refusals": st.booleans(),
        "refused": st.integers(0, 2),
    }
)


@given(st.lists(st.lists(calls, max_size=4), max_size=5), st.integers(0, 12))
def test_however_calls_are_batched_they_come_to_the_same(
    batches: list[list[dict[str, Any]]], balance: int
) -> None:
    together, singly = Desk(Book(balance)), Desk(Book(balance))
    asked = accepted = units = 0
    for batch in batches:
        sends = [
            linked(call(together, *one["phones"], app=1, **_without(one, "phones")))
            for one in batch
        ]
        answers, draft = together.draft(*sends)
        together.book.take(draft)
        assert repr([singly.decide(send)[0] for send in sends]) == repr(answers)
        assert vars(singly.book) == vars(together.book)
        queued = {message.id for message, _ in draft.queued}
        assert {link.message for link in draft.links} == queued
        assert len(draft.links) == len(queued)
        tally = draft.tallies.get(1, Tally())
        asked, accepted, units = (
            asked + tally.requests,
            accepted + tally.accepted,
            units + tally.units,
        )
        together.now = singly.now = together.now + HOUR // 3
    assert accepted <= len(together.book.queued)
    assert accepted <= asked
    assert units <= balance - together.book.balances[1]


def _without(words: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in words.items() if key != name}
