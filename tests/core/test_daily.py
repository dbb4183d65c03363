"""Daily totals: what an app may send in a day, and the fold that counts it."""

from collections import Counter
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core import daily
from hongyan.core.command import Declined, Queued, Send, Sent, Start, Started
from hongyan.core.daily import Cap, Caps, Total
from hongyan.core.draft import Draft
from hongyan.core.errors import Limited, NoBalance
from hongyan.core.mark import Mark
from hongyan.core.phone import COUNTRIES
from hongyan.core.time import DAY, HOUR, MINUTE, next_midnight
from support.desk import NOW, Book, Desk

CAPS = Caps(in_all=5, mainland=4, abroad=3, countries=(("HK", 2), ("MY", 1)))

caps_of_all_kinds = st.builds(
    Caps,
    in_all=st.integers(0, 4),
    mainland=st.integers(0, 4),
    abroad=st.integers(0, 4),
    countries=st.sampled_from([(), (("HK", 1),), (("HK", 2), ("MY", 1))]),
)
places = st.sampled_from(["CN", "HK", "MY", "US", "DEF"])


def names(caps: tuple[Cap, ...]) -> list[str]:
    return [f"{cap.window} {cap.most}" for cap in caps]


def capped(desk: Desk, caps: Caps, *to: str, app: int = 1, **words: Any) -> Send:
    """Texts to numbers of these countries; each number is another."""
    messages = [desk.message(number, app) for number in range(1, 1 + len(to))]
    each = tuple([caps.of(app, country) for country in to])
    return Send(tuple(messages), caps=each if caps.counts else (), **words)


def told(answer: object) -> list[str]:
    assert isinstance(answer, Sent), answer
    return ["queued" if isinstance(one, Queued) else one.window for one in answer.messages]


def contents(draft: Draft) -> dict[str, object]:
    return {name: value for name, value in vars(draft).items() if name != "_snapshot"}


@pytest.fixture
def desk() -> Desk:
    return Desk()


# What a text is measured by.


@pytest.mark.parametrize(
    ("country", "measures"),
    [
        ("CN", ["app-day-mainland 4", "app-day 5"]),
        ("HK", ["app-day-country 2", "app-day-abroad 3", "app-day 5"]),
        ("MY", ["app-day-country 1", "app-day-abroad 3", "app-day 5"]),
        ("US", ["app-day-abroad 3", "app-day 5"]),
        ("DEF", ["app-day-abroad 3", "app-day 5"]),
    ],
)
def test_a_text_is_measured_by_where_it_goes_the_narrowest_first(
    country: str, measures: list[str]
) -> None:
    assert names(CAPS.of(1, country)) == measures


def test_what_has_no_cap_is_not_counted() -> None:
    assert Caps(never=frozenset({"US"})).counts is False
    assert Caps(mainland=1).of(1, "US") == ()
    assert all(one.counts for one in (Caps(in_all=1), Caps(abroad=1), Caps(mainland=1)))
    assert Caps(countries=(("HK", 1),)).counts


def test_apps_days_and_places_have_totals_of_their_own() -> None:
    every = Caps(in_all=1, mainland=1, abroad=1, countries=tuple((one, 1) for one in COUNTRIES))
    measures = [cap for app in (1, 2, 1 << 36) for one in COUNTRIES for cap in every.of(app, one)]
    moments = [NOW, NOW + DAY, NOW + 2 * DAY]
    totals = {at: {cap.total(at) for cap in measures} for at in moments}
    # In all, the mainland, abroad, and each country.
    assert [len(found) for found in totals.values()] == [3 * (3 + len(COUNTRIES))] * 3
    for before, after in pairwise(moments):
        assert max(totals[before]) < daily.first_total(after) <= min(totals[after])
    assert min(totals[NOW]) > 0
    assert max(totals[NOW]) < 1 << 63


@given(st.integers(1, (1 << 63) - 1))
def test_a_total_is_told_from_a_limit_among_what_a_text_gives_back(total: int) -> None:
    mark, tag = daily.as_hit(Total(total))
    assert (daily.total_of(mark), tag) == (total, 0)
    assert daily.total_of(Mark(total)) is None


# The fold.


def test_the_first_that_is_full_is_told_until_midnight_in_beijing(desk: Desk) -> None:
    found = told(desk.decide(capped(desk, CAPS, "HK", "HK", "HK", "MY", "MY", "US"))[0])
    assert found == [
        *["queued"] * 2,
        "app-day-country",
        "queued",
        "app-day-country",
        "app-day-abroad",
    ]
    answer = desk.decide(capped(desk, CAPS, "CN", "CN", "CN"))[0]
    assert told(answer) == ["queued", "queued", "app-day"]
    assert isinstance(answer, Sent)
    declined = answer.messages[-1]
    assert isinstance(declined, Declined)
    error = declined.error()
    assert isinstance(error, Limited)
    assert (error.scope, error.retry_at) == ("app", next_midnight(NOW))


def test_a_day_ends_at_midnight_in_beijing(desk: Desk) -> None:
    caps = Caps(in_all=1)
    assert told(desk.decide(capped(desk, caps, "CN"))[0]) == ["queued"]
    desk.now = next_midnight(NOW) - 1
    assert told(desk.decide(capped(desk, caps, "CN"))[0]) == ["app-day"]
    desk.now += 1
    assert told(desk.decide(capped(desk, caps, "CN"))[0]) == ["queued"]


def test_commands_of_one_batch_share_a_total_and_apps_do_not(desk: Desk) -> None:
    caps = Caps(mainland=1)
    answers = desk.decide(
        capped(desk, caps, "CN"), capped(desk, caps, "CN"), capped(desk, caps, "CN", app=2)
    )
    assert [told(one) for one in answers] == [["queued"], ["app-day-mainland"], ["queued"]]


def test_what_is_declined_is_counted_nowhere(desk: Desk) -> None:
    caps = Caps(in_all=2, mainland=1)
    desk.decide(capped(desk, caps, "CN"))
    _, draft = desk.draft(capped(desk, caps, "CN"))
    assert contents(draft) == contents(Draft(desk.book, desk.now))
    poor = Desk(Book(balance=0))
    answers, draft = poor.draft(capped(poor, caps, "CN"))
    [answer] = answers
    assert isinstance(answer, Sent)
    [declined] = answer.messages
    assert isinstance(declined, Declined)
    assert isinstance(declined.error(), NoBalance)
    assert contents(draft) == contents(Draft(poor.book, poor.now))


def test_a_limit_of_the_number_is_told_before_the_days_total(desk: Desk) -> None:
    first = msgspec.structs.replace(desk.send(1, limited=True), caps=(Caps(in_all=1).of(1, "CN"),))
    desk.decide(first)
    again = msgspec.structs.replace(desk.send(1, limited=True), caps=(Caps(in_all=1).of(1, "CN"),))
    [answer] = desk.decide(again)
    assert told(answer) == ["1h"]


def capped_start(desk: Desk, phone: int, caps: Caps, **who: Any) -> Start:
    return msgspec.structs.replace(desk.start(phone, **who), caps=caps.of(1, "CN"))


def test_texts_of_verifications_count_too(desk: Desk) -> None:
    caps = Caps(in_all=2)
    start = capped_start(desk, 1, caps, openid=1)
    assert isinstance(desk.decide(start)[0], Started)
    desk.now += 2 * MINUTE
    resend = msgspec.structs.replace(desk.resend(start, openid=1), caps=caps.of(1, "CN"))
    assert isinstance(desk.decide(resend)[0], Started)
    other = capped_start(desk, 2, caps, openid=2)
    [answer] = desk.decide(other)
    assert isinstance(answer, Limited)
    assert (answer.scope, answer.window) == ("app", "app-day")
    desk.now += 2 * MINUTE
    resend = msgspec.structs.replace(desk.resend(start, openid=1), caps=caps.of(1, "CN"))
    assert isinstance(desk.decide(resend)[0], Limited)
    assert told(desk.decide(capped(desk, caps, "CN"))[0]) == ["app-day"]
    desk.now += DAY
    assert isinstance(desk.decide(capped_start(desk, 2, caps, openid=2))[0], Started)


class Watched(Book):
    """Knows what was asked of it."""

    def total(self, total: Total) -> int:
        raise AssertionError("Nobody asks for it.")


def test_nothing_is_looked_up_for_an_app_without_caps() -> None:
    desk = Desk(Watched())
    assert told(desk.decide(capped(desk, Caps(never=frozenset({"US"})), "CN"))[0]) == ["queued"]
    assert isinstance(desk.decide(desk.start(2))[0], Started)
    assert told(desk.decide(desk.send(3, limited=True))[0]) == ["queued"]


@given(
    caps_of_all_kinds,
    st.lists(st.lists(st.tuples(st.integers(1, 2), places), min_size=1, max_size=3), max_size=6),
    st.lists(st.integers(0, 12), max_size=6),
)
def test_no_total_is_ever_passed_and_all_below_it_goes_out(
    caps: Caps, batches: list[list[tuple[int, str]]], hours: list[int]
) -> None:
    """Against a count of one's own, over several batches of several apps and days."""
    desk = Desk()
    sent: Counter[Total] = Counter()
    for number, batch in enumerate(batches):
        answers, draft = desk.draft(*(capped(desk, caps, to, app=app) for app, to in batch))
        given_back: Counter[int] = Counter()
        for (app, to), answer in zip(batch, answers, strict=True):
            measures = caps.of(app, to)
            full = [cap for cap in measures if sent[cap.total(desk.now)] >= cap.most]
            assert told(answer) == [full[0].window if full else "queued"]
            if not full:
                sent.update([cap.total(desk.now) for cap in measures])
        for _, hits in draft.queued:
            given_back.update([daily.total_of(mark) or 0 for mark, _ in hits])
        assert given_back == draft.totals
        desk.book.take(draft)
        desk.now += hours[number % len(hours)] * HOUR if hours else 0
    assert +desk.book.totals == +sent
