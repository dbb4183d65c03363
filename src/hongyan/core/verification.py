"""Verifications: create, resend, check. The numbers are policy; the rows named are its rows.

A verification belongs to an app, a purpose, a phone and, where one was given, an openid. It sends
at most a few codes, takes at most a few guesses, and passes once.
"""

import hmac
import zlib
from collections.abc import Callable
from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from hongyan.core import limit
from hongyan.core.errors import CodeRefused, Limited, NoSendsLeft, Scope, StepUpRequired
from hongyan.core.identifier import MessageId, VerificationId
from hongyan.core.limit import Window
from hongyan.core.mark import NOBODY, Mark, blend
from hongyan.core.policy import MOST_FAILURES, Policy
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND, Millis

Digest: TypeAlias = Callable[["Verification", bytes, str], bytes]
"""(verification, digest that it is to be compared with, code) → that code's keyed hash (row 20)."""


class Caller(msgspec.Struct, frozen=True, gc=False):
    """Who asks, as far as that may be believed; NOBODY where it was not told."""

    openid: Mark = NOBODY
    device: Mark = NOBODY
    ip: Mark = NOBODY
    by_address: bool = False
    """The device is the client's own word, so it opens no share of its own."""

    @property
    def identity(self) -> Mark:
        """What shares and lock-outs are counted by: openid, else device and address (row 11)."""
        if self.openid:
            return self.openid
        if self.device and not self.by_address:
            return blend(self.device, self.ip)
        return self.ip


class State(StrEnum):
    """A verification's state; only `pending` can pass."""

    PENDING = "pending"
    APPROVED = "approved"
    LOCKED = "locked"


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """One row. `code` is a keyed hash; it is wiped when the state is no longer pending."""

    id: VerificationId
    app: int
    purpose: str
    phone: str
    phone_mark: Mark
    caller: Caller
    stepped_up: bool
    created_at: Millis
    sends: int
    sent_at: Millis
    message: MessageId
    code: bytes | None
    previous: bytes | None = None
    previous_sent_at: Millis = 0
    previous_message: MessageId | None = None
    attempts: int = 0
    state: State = State.PENDING
    used_at: Millis = 0
    proof: bytes | None = None
    proof_used_at: Millis = 0

    @property
    def messages(self) -> set[MessageId]:
        """The texts whose codes may still be good."""
        return {one for one in (self.message, self.previous_message) if one is not None}


def purpose_tag(purpose: str) -> int:
    """24 bits that tell purposes apart within one phone's history."""
    return zlib.crc32(purpose.encode()) & _PURPOSE


def guesses_of(app: int, phone: Mark, purpose: str) -> Mark:
    """The mark under which a phone's failed checks are counted."""
    return blend(blend(phone, app << 24 | purpose_tag(purpose)), _GUESSES)


def lock_of(phone: Mark, purpose: str, identity: Mark) -> Mark:
    """The mark under which one caller's lock-out from one phone is kept (row 11)."""
    return blend(blend(phone, purpose_tag(purpose)), blend(identity, _LOCK))


def current_of(app: int, phone: Mark, purpose: str) -> Mark:
    """The mark under which the newest verification of a phone is found."""
    return blend(blend(phone, app << 24 | purpose_tag(purpose)), _CURRENT)


def send_tag(caller: Caller, purpose: str, *, known: bool) -> int:
    """How a phone's history tells its sends apart: lane, who, purpose."""
    return _tag(caller, known=known) | purpose_tag(purpose)


_PURPOSE: Final = (1 << 24) - 1
_WHO: Final = ((1 << 23) - 1) << 24
_KNOWN: Final = 1 << 47
_GUESSES, _LOCK, _CURRENT = 1, 2, 3


def _tag(caller: Caller, *, known: bool) -> int:
    return (_KNOWN if known else 0) | (caller.identity << 24 & _WHO)


class Rules:
    """The policy, made ready: windows built once, spans in milliseconds."""

    def __init__(self, policy: Policy, *, step_up: bool = False) -> None:
        """`step_up`: whether a caller has a way to prove that it is a person (row 18)."""
        self.policy = policy
        self.code_lifetime: Millis = policy.code_lifetime_s * SECOND
        self.lifetime: Millis = policy.lifetime_s * SECOND
        self.sends_kept = policy.phone_per_day + policy.phone_reserved
        self.failures_kept = MOST_FAILURES + policy.failures_reserved
        self._step_up = step_up
        first_wait = policy.cool_down_s[0] * SECOND
        self._first_wait = first_wait if policy.phone_per_minute > 1 else max(first_wait, MINUTE)
        self._minute = (Window("60s", policy.phone_per_minute, MINUTE),)
        self._hour = Window("1h", policy.phone_per_hour, HOUR)
        self._day = Window("24h", policy.phone_per_day, DAY)
        self._strangers = Window("24h", policy.phone_strangers, DAY)
        self._stranger = Window("24h", policy.phone_stranger, DAY)
        free = policy.phone_strangers - policy.phone_step_up_last
        self._free_strangers = Window("24h", max(free, 1), DAY)
        self._lock = (Window("lock-out", 1, policy.lockout_min * MINUTE),)
        self._ip = (
            Window("10min", policy.ip_per_10_minutes, 10 * MINUTE),
            Window("1h", policy.ip_per_hour, HOUR),
            Window("24h", policy.ip_per_day, DAY),
        )
        self.ip_kept = max(window.most for window in self._ip)

    # Sends: a start and a resend ask the same questions.

    def send_refused(
        self,
        sends: int,
        now: Millis,
        caller: Caller,
        purpose: str,
        *,
        known: bool,
        stepped_up: bool,
    ) -> Limited | StepUpRequired | None:
        """Rows 4 and 10: what holds a text to this phone up, given the phone's history."""
        if not sends:
            return None
        held = limit.later(
            self._cooling_down(sends, now, purpose),
            limit.refused("phone", self._minute, sends, now),
        )
        if known and self._has_reserved(sends, now):
            return held
        strangers = limit.chosen(sends, now - DAY, _KNOWN, 0)
        windows = limit.later(
            limit.refused("phone", (self._hour, self._day), sends, now),
            limit.refused("phone", (self._strangers,), strangers, now),
        )
        held = limit.later(held, windows)
        if caller.identity:
            own = limit.chosen(strangers, now - DAY, _WHO, _tag(caller, known=False))
            held = limit.later(held, limit.refused("phone", (self._stranger,), own, now))
            if held is None and not stepped_up:
                return self._stepping_up("phone", (self._free_strangers,), strangers, now)
        return held

    def address_refused(
        self, sends: int, now: Millis, *, stepped_up: bool
    ) -> Limited | StepUpRequired | None:
        """Row 12: what holds another send from this address up; a step-up opens it."""
        if stepped_up:
            return None
        return self._stepping_up("ip", self._ip, sends, now)

    def locked(self, lock: int, now: Millis) -> Limited | None:
        """Row 11: whether this caller locked itself out of this phone."""
        return limit.refused("phone", self._lock, lock, now)

    def guesses_refused(
        self, failures: int, now: Millis, caller: Caller, *, known: bool, stepped_up: bool
    ) -> Limited | None:
        """Rows 8 and 11: whether this caller may still guess at this phone's codes."""
        if not failures:
            return None
        extra = self.policy.failures_after_step_up if stepped_up else 0
        if known:
            reserved = limit.chosen(failures, now - DAY, _KNOWN, _KNOWN)
            lane = (Window("24h", self.policy.failures_reserved + extra, DAY),)
            return limit.refused("phone", lane, reserved, now)
        strangers = limit.chosen(failures, now - DAY, _KNOWN, 0)
        total = (Window("24h", self.policy.failures + extra, DAY),)
        held = limit.refused("phone", total, strangers, now)
        if caller.identity:
            own = limit.chosen(strangers, now - DAY, _WHO, _tag(caller, known=False))
            share = (Window("24h", self.policy.failures_stranger + extra, DAY),)
            held = limit.later(held, limit.refused("phone", share, own, now))
        return held

    def resend_at(self, sends: int, now: Millis, purpose: str) -> Millis:
        """When the phone's windows let another text through, for a countdown."""
        if limit.count(sends) == 1:
            return now + self._first_wait
        held = limit.later(
            self._cooling_down(sends, now, purpose),
            limit.refused("phone", (*self._minute, self._hour, self._day), sends, now),
        )
        return held.retry_at if held else now

    def sends_left(self, verification: Verification, resend_at: Millis) -> int:
        """How many more texts it may send; 0 once no code could live its whole life (row 2)."""
        if resend_at + self.code_lifetime > verification.created_at + self.lifetime:
            return 0
        return self.policy.sends - verification.sends

    def dies_at(self, verification: Verification) -> Millis:
        """When nothing about it can pass any more."""
        return verification.created_at + self.lifetime

    def resend_refused(
        self, verification: Verification, app: int, caller: Caller, now: Millis
    ) -> CodeRefused | NoSendsLeft | None:
        """Whether it may send again at all, its limits aside."""
        bound = verification.caller.openid in (NOBODY, caller.openid)
        if verification.app != app or not bound or self.ended(verification, now):
            return CodeRefused()
        return NoSendsLeft() if self.sends_left(verification, now) <= 0 else None

    def resent(
        self,
        verification: Verification,
        code: bytes,
        message: MessageId,
        now: Millis,
        *,
        stepped_up: bool,
    ) -> Verification:
        """With a new code; the one before it stays good only if the policy says so (row 6)."""
        keep = bool(self.policy.accept_previous)
        return msgspec.structs.replace(
            verification,
            stepped_up=verification.stepped_up or stepped_up,
            sends=verification.sends + 1,
            sent_at=now,
            message=message,
            code=code,
            previous=verification.code if keep else None,
            previous_sent_at=verification.sent_at if keep else 0,
            previous_message=verification.message if keep else None,
        )

    # Checks: count, then compare (rows 7, 22, 24).

    def ended(self, verification: Verification, now: Millis) -> bool:
        """Whether it was used, was locked, or is dead of age."""
        return verification.state is not State.PENDING or now >= self.dies_at(verification)

    def compare_with_nothing(self, code: str, digest: Digest) -> None:
        """The work of a comparison, for a check that has nothing to compare with (row 22)."""
        hmac.compare_digest(_NOTHING, digest(_NOBODYS, _NOTHING, code))

    def matches(
        self, verification: Verification, code: str, caller: Caller, digest: Digest, now: Millis
    ) -> bool:
        """Compare in constant time. Another openid never matches, whatever it typed (row 25)."""
        equal = False
        for kept, sent_at in (
            (verification.code, verification.sent_at),
            (verification.previous, verification.previous_sent_at),
        ):
            if kept:
                # A dead code is compared too: its check costs what any other does.
                same = hmac.compare_digest(kept, digest(verification, kept, code))
                equal |= same and now < sent_at + self.code_lifetime
        return equal and verification.caller.openid in (NOBODY, caller.openid)

    def locks_out(self, failures: int, verification: Verification, caller: Caller) -> bool:
        """Row 11: whether this caller made most of the guesses that used a verification up.

        An owner who mistypes after a stranger's guesses is not locked out in the stranger's place.
        """
        since = verification.created_at - 1
        own = limit.chosen(failures, since, _WHO, _tag(caller, known=False))
        return limit.count(own) * 2 > self.policy.attempts

    def failed(self, verification: Verification) -> Verification:
        """One guess used up; the last one locks it and wipes its codes."""
        attempts = verification.attempts + 1
        if attempts < self.policy.attempts:
            return msgspec.structs.replace(verification, attempts=attempts)
        return msgspec.structs.replace(
            verification, attempts=attempts, state=State.LOCKED, code=None, previous=None
        )

    def approved(self, verification: Verification, proof: bytes, now: Millis) -> Verification:
        """Passed, for good: the codes are wiped and `proof` names what may be consumed once."""
        return msgspec.structs.replace(
            verification,
            attempts=verification.attempts + 1,
            state=State.APPROVED,
            used_at=now,
            proof=proof,
            code=None,
            previous=None,
        )

    def _cooling_down(self, sends: int, now: Millis, purpose: str) -> Limited | None:
        span = now - self.policy.cool_down_span_s * SECOND
        own = limit.chosen(sends, span, _PURPOSE, purpose_tag(purpose))
        if not own:
            return None
        steps = self.policy.cool_down_s
        wait = steps[min(limit.count(own), len(steps)) - 1] * SECOND
        retry_at = limit.nth(own, 1) + wait
        return Limited("phone", "cool-down", retry_at) if retry_at > now else None

    def _has_reserved(self, sends: int, now: Millis) -> bool:
        reserved = limit.chosen(sends, now - DAY, _KNOWN, _KNOWN)
        return limit.count(reserved) < self.policy.phone_reserved

    def _stepping_up(
        self, scope: Scope, windows: tuple[Window, ...], history: int, now: Millis
    ) -> Limited | StepUpRequired | None:
        held = limit.refused(scope, windows, history, now)
        return StepUpRequired() if held and self._step_up else held


_NOTHING: Final = bytes(33)
_NOBODYS: Final = Verification(
    id=VerificationId(bytes(16)),
    app=0,
    purpose="register",
    phone="+8613800000000",
    phone_mark=NOBODY,
    caller=Caller(),
    stepped_up=False,
    created_at=0,
    sends=0,
    sent_at=0,
    message=MessageId(0),
    code=_NOTHING,
)
