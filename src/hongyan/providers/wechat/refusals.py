"""Refusals: what an errcode of WeChat's for a whole call says of its texts.

The table is docs/howto/wechat-upstream.md's. An errcode that does not stand here leaves them in doubt;
so does -1, a "system error" of which nobody says when it happens.
"""

from typing import Final

from hongyan.core.outcome import Deferred, Outcome, Rejected, Unconfirmed
from hongyan.core.time import MINUTE
from hongyan.wire.wechat.codes import LATER, RENEWABLE, STOPPING

_SYSTEM_ERROR: Final = -1
_INVALID: Final = -501007
_ILLEGAL: Final = -601030
_USED_UP: Final = ("配额不足", "consumeUsage failed")
"""Real words of -501007 where the package is empty."""

CLOSED: Final = frozenset({48001, 85107})
"""Just this API is not for us."""

_STOPS: Final = (
    STOPPING
    | RENEWABLE
    | {40013, 40243, 41001, 61003, 61004, 61007, 85088, 85107, -604101, -604104}
    # The environment, its website, the mini program's name and its subject.
    | {-601027, -601028, -601032, -601033}
)
_STOPS_TOKEN: Final = STOPPING | {40002, 40013, 40243, 41002, 41004}
_DEFERS: Final = frozenset(
    {40002, 40003, 40097, 40165, 43002, 44002, 45011, 47001}
    | {-501003, -501004, -501006, -501008, -501009, -601029, -601031, -607001, -607004, -604100}
)


def outcome(errcode: int, errmsg: str, said: str) -> Outcome:
    """`said`: code and words as they may be shown."""
    if errcode == _INVALID:
        return Deferred(said, stops=any(word in errmsg for word in _USED_UP))
    if errcode in _STOPS:
        return Deferred(said, stops=True)
    if errcode == _ILLEGAL:
        return Rejected(str(errcode), said)
    if errcode in _DEFERS:
        return Deferred(said, MINUTE if errcode in LATER else 0)
    return Unconfirmed(said)


def stops(errcode: int) -> bool:
    """Whether nothing will be taken after it."""
    return errcode in _STOPS


def stops_token(errcode: int) -> bool:
    """Whether no token will be given after it."""
    return errcode in _STOPS_TOKEN
