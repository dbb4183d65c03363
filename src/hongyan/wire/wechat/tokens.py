"""Access tokens: what they look like, and when one is good.

A token says whose it is and which of its owner's it is, and is signed; so nothing is stored of a
token, and the store keeps one small `Grant` for each owner and kind, which says which number is the
newest. That row is changed under its lock, by the functions below, and nobody else decides.

    /cgi-bin/token         renewed(grant, now)         each call a new one; the old one for 5 minutes more
    /cgi-bin/stable_token  stable(grant, now, force)   the same one until its last 5 minutes
    component tokens       renewed, stable alike       as the two above, under a kind of their own
    any other API          Tokens.read → require(grant of token.owner and token.kind, token, now)

Kinds have Grants of their own: one way of fetching never invalidates what came by another.
"""

import base64
import hmac
import re
import struct
from enum import Enum
from typing import Final

import msgspec

from hongyan.core.time import HOUR, MINUTE, SECOND, Millis, day_of
from hongyan.wire.wechat.fault import Fault

LIFETIME: Final[Millis] = 120 * MINUTE
GRACE: Final[Millis] = 5 * MINUTE
"""So long the token before the newest one is good; and so long before its end one is renewed."""
MOST_FORCED: Final = 20
"""Forced refreshes a day, in Beijing."""
FORCED_APART: Final[Millis] = 30 * SECOND

_VERSION: Final = "90_"
"""WeChat's begin with a number that counts up; 90 was not yet seen of it."""
_FACTS: Final = struct.Struct(">BQQQQ")
_SIGNATURE_BYTES: Final = 32
_FORM: Final = re.compile(rf"{_VERSION}[\w-]{{87}}", re.ASCII)
_HIGHEST: Final = (1 << 63) - 1

REFRESH: Final = "refreshtoken@@@"
TICKET: Final = "ticket@@@"
AUTHORIZATION_CODE: Final = "queryauthcode@@@"
"""How the other secrets of third parties begin. They are random, and stored as keyed hashes."""
TICKET_LIFETIME: Final[Millis] = 12 * HOUR


class Kind(Enum):
    """How a token was fetched, and so what it opens."""

    ACCESS = 1
    STABLE = 2
    COMPONENT = 3
    """A third party's own."""
    AUTHORIZER = 4
    """A third party's for a mini program; used as an access_token."""
    CLOUDBASE = 5
    """A container's; used as cloudbase_access_token only."""


AS_ACCESS_TOKEN: Final = frozenset({Kind.ACCESS, Kind.STABLE, Kind.AUTHORIZER})
"""What may stand as `access_token` in a query."""


class Token(msgspec.Struct, frozen=True):
    """What a token says."""

    kind: Kind
    owner: int
    """The app that it is for."""
    number: int
    """Which of the owner's tokens of this kind it is, counted from 1."""
    issued_at: Millis
    third_party: int = 0
    """The app of the third party that it was given to."""


class Tokens:
    """Writes and reads tokens under one key, used for nothing else. Its repr tells nothing."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def written(self, token: Token) -> str:
        """90 characters; clients keep room for 512."""
        facts = _FACTS.pack(
            token.kind.value, token.owner, token.number, token.issued_at, token.third_party
        )
        signed = facts + self._signature(facts)
        return _VERSION + base64.urlsafe_b64encode(signed).rstrip(b"=").decode()

    def read(self, written: str) -> Token:
        """What a token says that was written here. Raises Fault 41001, 40014 and 40001."""
        if not written:
            raise Fault(41001)
        if not _FORM.fullmatch(written):
            raise Fault(40014)
        octets = base64.urlsafe_b64decode(written.removeprefix(_VERSION) + "=")
        facts, signature = octets[: _FACTS.size], octets[_FACTS.size :]
        if not hmac.compare_digest(self._signature(facts), signature):
            raise Fault(40001)
        kind, owner, number, issued_at, third_party = _FACTS.unpack(facts)
        return Token(Kind(kind), owner, number, issued_at, third_party)

    def _signature(self, facts: bytes) -> bytes:
        return hmac.digest(self._key, b"wechat token" + facts, "sha256")


class Grant(msgspec.Struct, frozen=True):
    """What is kept of an owner's tokens of one kind."""

    number: int = 0
    """Of the newest; 0 before the first."""
    issued_at: Millis = 0
    previous_until: Millis = 0
    """How long the one before the newest is good."""
    forced: int = 0
    """Forced refreshes of the day of the last one."""
    forced_at: Millis = 0

    def expires_at(self) -> Millis:
        return self.issued_at + LIFETIME if self.number else 0

    def expires_in(self, now: Millis) -> int:
        """Whole seconds that the newest is still good, as answers tell."""
        return max(self.expires_at() - now, 0) // SECOND

    def newest(self, kind: Kind, owner: int, third_party: int = 0) -> Token:
        """What the newest token says: the same whenever it is written."""
        return Token(kind, owner, self.number, self.issued_at, third_party)


def renewed(grant: Grant, now: Millis) -> Grant:
    """A new token; the one before it is good for 5 minutes more."""
    return msgspec.structs.replace(
        grant,
        number=grant.number + 1,
        issued_at=now,
        previous_until=min(grant.expires_at(), now + GRACE),
    )


def stable(grant: Grant, now: Millis, *, force: bool = False) -> Grant:
    """The same token until its last 5 minutes, then a new one beside it.

    With `force`, for a token that leaked, a new one at once, and the old one is dead. Raises Fault
    45011 within 30 seconds of the last such call, 45009 for the 21st of a day.
    """
    if force:
        return _forced(grant, now)
    return grant if grant.expires_at() - now > GRACE else renewed(grant, now)


def revoked(grant: Grant, now: Millis) -> Grant:
    """No token that was given out is good any more: the secret was reset, the app closed."""
    return msgspec.structs.replace(
        grant, number=grant.number + 1, issued_at=now - LIFETIME, previous_until=0
    )


def require(grant: Grant, token: Token, now: Millis) -> None:
    """Raise Fault unless the token is good: 42001 for one that has expired, else 40001."""
    if now >= token.issued_at + LIFETIME:
        raise Fault(42001)
    is_newest = (token.number, token.issued_at) == (grant.number, grant.issued_at)
    is_previous = token.number == grant.number - 1 and now < grant.previous_until
    if not (is_newest or is_previous):
        raise Fault(40001)


def secret(kind: str, chance: bytes) -> str:
    """A secret of a third party, such as `refreshtoken@@@…`, of so many random bytes."""
    return kind + base64.urlsafe_b64encode(chance).rstrip(b"=").decode()


def _forced(grant: Grant, now: Millis) -> Grant:
    today = grant.forced if day_of(grant.forced_at) == day_of(now) else 0
    if grant.forced and now - grant.forced_at < FORCED_APART:
        raise Fault(45011)
    if today >= MOST_FORCED:
        raise Fault(45009)
    return msgspec.structs.replace(
        renewed(grant, now), previous_until=0, forced=today + 1, forced_at=now
    )
