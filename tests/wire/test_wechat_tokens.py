"""Access tokens: when one is good, by WeChat's rules, and that none is made up."""

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.time import DAY, HOUR, MINUTE, SECOND
from hongyan.wire.wechat import tokens
from hongyan.wire.wechat.fault import Fault
from hongyan.wire.wechat.tokens import Grant, Kind, Token, Tokens, renewed, require, revoked, stable

NOW = 1_795_198_134_000
TOKENS = Tokens(b"k" * 32)
WHOLE = st.integers(0, (1 << 63) - 1)


def refusal(grant: Grant, token: Token, now: int) -> int:
    try:
        require(grant, token, now)
    except Fault as fault:
        return fault.errcode
    return 0


def newest(grant: Grant) -> Token:
    return grant.newest(Kind.ACCESS, 7)


def as_token(octets: bytes) -> str:
    return "90_" + base64.urlsafe_b64encode(octets).decode().rstrip("=")


# What one looks like.


@given(st.builds(Token, st.sampled_from(Kind), WHOLE, WHOLE, WHOLE, WHOLE))
def test_a_token_says_what_was_written(token: Token) -> None:
    written = TOKENS.written(token)
    assert TOKENS.read(written) == token
    assert len(written) == 90
    assert written.replace("_", "a").replace("-", "a").isalnum()


@given(st.text(max_size=100) | st.binary(min_size=65, max_size=65).map(as_token))
def test_none_is_made_up(written: str) -> None:
    with pytest.raises(Fault) as raised:
        TOKENS.read(written)
    assert raised.value.errcode in {41001, 40014, 40001}


@given(st.integers(3, 89), st.sampled_from("abcABC019_-"))
def test_none_is_changed(place: int, letter: str) -> None:
    token = Token(Kind.ACCESS, 1, 1, NOW)
    written = TOKENS.written(token)
    changed = written[:place] + letter + written[place + 1 :]
    if place < 89 and changed != written:
        with pytest.raises(Fault):
            TOKENS.read(changed)
    else:  # The last letter holds bits that say nothing.
        with contextlib.suppress(Fault):
            assert TOKENS.read(changed) == token


@pytest.mark.parametrize(
    ("written", "errcode"),
    [("", 41001), ("x", 40014), ("90_" + "a" * 86, 40014), ("90_" + "a" * 87, 40001)],
)
def test_each_wrong_one_has_its_code(written: str, errcode: int) -> None:
    with pytest.raises(Fault) as raised:
        TOKENS.read(written)
    assert raised.value.errcode == errcode


def test_another_house_did_not_write_it() -> None:
    with pytest.raises(Fault):
        Tokens(b"j" * 32).read(TOKENS.written(Token(Kind.ACCESS, 1, 1, NOW)))
    assert "kkkk" not in repr(TOKENS)


def test_other_secrets_say_what_they_are() -> None:
    assert tokens.secret(tokens.REFRESH, b"\xff" * 33) == "refreshtoken@@@" + "_" * 44


# When one is good.


def test_each_call_gives_a_new_one_and_the_old_one_has_5_minutes() -> None:
    first = renewed(Grant(), NOW)
    second = renewed(first, NOW + HOUR)
    assert refusal(first, newest(first), NOW) == 0
    assert first.expires_in(NOW) == 7_200
    for late, errcode in [(0, 0), (5 * MINUTE - 1, 0), (5 * MINUTE, 40001)]:
        assert refusal(second, newest(first), NOW + HOUR + late) == errcode
    assert refusal(second, newest(second), NOW + HOUR) == 0
    third = renewed(second, NOW + HOUR + SECOND)
    assert refusal(third, newest(first), NOW + HOUR + SECOND) == 40001
    assert refusal(third, newest(second), NOW + HOUR + SECOND) == 0


def test_a_token_ends_after_two_hours() -> None:
    grant = renewed(Grant(), NOW)
    assert refusal(grant, newest(grant), NOW + 2 * HOUR - 1) == 0
    assert refusal(grant, newest(grant), NOW + 2 * HOUR) == 42001
    assert grant.expires_in(NOW + 3 * HOUR) == 0


def test_5_minutes_more_are_not_beyond_its_end() -> None:
    first = renewed(Grant(), NOW)
    second = renewed(first, NOW + 2 * HOUR - MINUTE)
    assert second.previous_until == NOW + 2 * HOUR


def test_a_stable_token_is_the_same_until_its_last_5_minutes() -> None:
    first = stable(Grant(), NOW)
    assert stable(first, NOW + 115 * MINUTE - 1) == first
    second = stable(first, NOW + 115 * MINUTE)
    assert second.number == 2
    assert refusal(second, newest(first), NOW + 2 * HOUR - 1) == 0
    assert refusal(second, newest(second), NOW + 115 * MINUTE) == 0


def test_a_forced_one_kills_the_old_one_at_once() -> None:
    first = stable(Grant(), NOW)
    second = stable(first, NOW + SECOND, force=True)
    assert refusal(second, newest(first), NOW + SECOND) == 40001
    assert stable(second, NOW + SECOND) == second


def test_it_is_forced_20_times_a_day_and_30_seconds_apart() -> None:
    now, grant = NOW, stable(Grant(), NOW, force=True)
    with pytest.raises(Fault) as raised:
        stable(grant, now + 30 * SECOND - 1, force=True)
    assert raised.value.errcode == 45011
    for _ in range(19):
        now += 30 * SECOND
        grant = stable(grant, now, force=True)
    with pytest.raises(Fault) as raised:
        stable(grant, now + 30 * SECOND, force=True)
    assert raised.value.errcode == 45009
    assert stable(grant, now + DAY, force=True).forced == 1


def test_nothing_is_good_once_the_secret_is_reset() -> None:
    first = renewed(Grant(), NOW)
    none = revoked(first, NOW)
    assert refusal(none, newest(first), NOW) == 40001
    assert refusal(none, newest(none), NOW) == 42001
    assert none.expires_in(NOW) == 0
    again = stable(none, NOW + 1)
    assert refusal(again, newest(first), NOW + 1) == 40001
    assert refusal(again, newest(none), NOW + 1) == 42001


@given(st.lists(st.tuples(st.integers(0, 3 * HOUR), st.booleans()), max_size=12))
def test_what_is_handed_out_is_good_for_5_minutes(steps: list[tuple[int, bool]]) -> None:
    grant, now = Grant(), NOW
    for waited, is_stable in steps:
        now += waited
        grant = stable(grant, now) if is_stable else renewed(grant, now)
        assert refusal(grant, newest(grant), now) == 0
        assert grant.expires_in(now) >= 300
        assert refusal(grant, newest(grant), now + 5 * MINUTE - 1) == 0
