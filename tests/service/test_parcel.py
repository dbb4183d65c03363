"""Parcels: who goes with whom, and in which order."""

from collections.abc import Hashable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.identifier import MessageId
from hongyan.core.message import Message
from hongyan.core.outcome import Accepted, Outcome
from hongyan.core.time import SECOND, Millis
from hongyan.service.parcel import Parcels
from hongyan.service.ports import Claimed
from support.rig import a_message

SOME = a_message()


class Alone:
    """A provider that takes them one by one."""

    name = "one"
    concurrency = 4
    rate = 0.0
    timeout: Millis = SECOND

    async def send(self, _message: Message) -> Outcome:
        return Accepted("")

    async def close(self) -> None: ...


class Together(Alone):
    """One that takes up to three texts that begin alike."""

    most = 3

    def group(self, message: Message) -> Hashable | None:
        return message.text[0] if message.text[0] != "-" else None

    async def send_many(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        return [Accepted("") for _ in messages]


def line(texts: str, provider: Alone | None = None) -> Parcels:
    parcels = Parcels(provider or Together())
    for number, text in enumerate(texts):
        message = msgspec.structs.replace(SOME, id=MessageId(number), text=text)
        parcels.add(Claimed(message=message, token=1, attempts=0, first_attempt_at=0), 1)
    return parcels


def taken(parcels: Parcels, calls: int, messages: int = 1_000) -> list[str]:
    found = parcels.take(calls, messages)
    return ["".join(one.claimed.message.text for one in parcel) for parcel in found]


def left(parcels: Parcels) -> str:
    return "".join(one.claimed.message.text for one in parcels.clear())


@pytest.mark.parametrize(
    ("texts", "calls", "messages", "gone", "stays"),
    [
        ("", 2, 9, [], ""),
        ("abc", 0, 9, [], "abc"),
        ("aab", 2, 9, ["aa", "b"], ""),
        ("abab", 1, 9, ["aa"], "bb"),
        ("aaaab", 1, 9, ["aaa"], "ab"),
        ("aaaab", 2, 9, ["aaa", "a"], "b"),
        ("--a", 2, 9, ["-", "-"], "a"),
        ("a-a", 2, 9, ["aa", "-"], ""),
        ("aaa", 2, 2, ["aa"], "a"),
        ("abcab", 3, 4, ["aa", "b", "c"], "b"),
    ],
)
def test_those_of_a_group_go_together(
    texts: str, calls: int, messages: int, gone: list[str], stays: str
) -> None:
    parcels = line(texts)
    assert taken(parcels, calls, messages) == gone
    assert left(parcels) == stays


def test_others_go_one_by_one() -> None:
    parcels = line("aaab", Alone())
    assert taken(parcels, 2) == ["a", "a"]
    assert taken(parcels, 5, 1) == ["a"]
    assert left(parcels) == "b"


def test_what_is_put_back_is_first_again() -> None:
    parcels = line("abab")
    parcels.put_back(parcels.take(1, 9))
    assert len(parcels) == 4
    assert left(parcels) == "aabb"


@given(st.text("ab-", max_size=40), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9))))
def test_each_goes_once_and_nobody_waits_for_ever(texts: str, takes: list[Any]) -> None:
    parcels = line(texts)
    seen: list[int] = []
    for calls, messages in takes:
        before = parcels.take(0, 0), len(parcels)
        found = parcels.take(calls, messages)
        assert len(found) <= calls
        assert sum(map(len, found)) <= messages
        assert before[1] == len(parcels) + sum(map(len, found))
        for parcel in found:
            assert 0 < len(parcel) <= 3
            assert len({one.group for one in parcel}) == 1
            assert len(parcel) == 1 or parcel[0].group is not None
        if calls and messages and before[1]:
            # Whoever has waited longest goes.
            first = min(set(range(len(texts))) - set(seen))
            assert found[0][0].claimed.message.id == first
        seen += [one.claimed.message.id for parcel in found for one in parcel]
    seen += [one.claimed.message.id for one in parcels.clear()]
    assert sorted(seen) == list(range(len(texts)))
