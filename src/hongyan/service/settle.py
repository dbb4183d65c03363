"""Settle: what an attempt came to decides where its message goes. Here, and nowhere else."""

from typing import Annotated, Final, assert_never

import msgspec
from msgspec import Meta

from hongyan.core import inquiry
from hongyan.core.message import Kind, Status
from hongyan.core.outcome import Accepted, Deferred, Outcome, Rejected, Unconfirmed
from hongyan.core.time import MINUTE, SECOND, Millis
from hongyan.service.ports import Claimed, Settlement

WORTH: Final[Millis] = SECOND
"""Less time is not worth a try: a provider that is cut off leaves the text in doubt, and charged."""


class Patience(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long and how often a message is tried (policy row 27). `[dispatch]` in the configuration."""

    paused: bool = False
    """Accept, but hand nothing over: for maintenance of what is behind."""
    verification_attempts: Annotated[int, Meta(ge=1, le=10)] = 2
    verification_total_s: Annotated[int, Meta(ge=1, le=60)] = 8
    first_wait_s: Annotated[int, Meta(ge=1, le=3_600)] = 1
    longest_wait_s: Annotated[int, Meta(ge=1, le=86_400)] = 300

    def verification_ends_at(self, first_attempt_at: Millis) -> Millis:
        """When a verification text that began to be tried at a moment is tried no more."""
        return first_attempt_at + self.verification_total_s * SECOND

    def wait(self, attempts: int, providers: int) -> Millis:
        """How long a deferred message waits: not at all for the next provider, longer each round."""
        if attempts % providers:
            return 0
        rounds = attempts // providers - 1
        return min(self.first_wait_s << min(rounds, 20), self.longest_wait_s) * SECOND


class Attempted(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An attempt that is over."""

    claimed: Claimed
    provider: str
    providers: int
    """How many the route has."""
    started_at: Millis
    ended_at: Millis
    outcome: Outcome
    is_asked: bool = False
    """Whether the provider is asked what became of the message, rather than telling by itself."""


def settlement(attempted: Attempted, patience: Patience) -> Settlement:
    """Where the message goes."""
    match attempted.outcome:
        case Accepted(upstream_id=upstream_id):
            return _settlement(
                attempted,
                Status.SUBMITTED,
                "accepted",
                upstream_id=upstream_id,
                ask_at=_ask_at(attempted),
            )
        case Rejected(code=code, reason=reason):
            return _settlement(attempted, Status.REJECTED, "rejected", code=code, reason=reason)
        case Deferred(reason=reason, retry_after=retry_after):
            due_at, give_up = _again(attempted, patience, retry_after)
            return _settlement(
                attempted,
                Status.QUEUED,
                "deferred",
                reason=reason,
                due_at=due_at,
                give_up=give_up,
            )
        case Unconfirmed(reason=reason):
            return _settlement(
                attempted,
                Status.UNCONFIRMED,
                "unconfirmed",
                reason=reason,
                ask_at=_ask_at(attempted),
            )
        case other:
            assert_never(other)


def _again(attempted: Attempted, patience: Patience, retry_after: Millis) -> tuple[Millis, bool]:
    """(when to try again, whether nobody is left to try)."""
    claimed, now = attempted.claimed, attempted.ended_at
    attempts = claimed.attempts + 1
    wait = patience.wait(attempts, attempted.providers)
    if not attempts % attempted.providers:
        wait = max(wait, min(retry_after, 5 * MINUTE))
    # None waits beyond its own end: whoever looks at it then finds that it has expired.
    due_at = min(now + wait, claimed.message.expires_at)
    if claimed.message.kind is not Kind.VERIFICATION:
        return due_at, False
    first = claimed.first_attempt_at or attempted.started_at
    ends_at = patience.verification_ends_at(first)
    give_up = attempts >= patience.verification_attempts or now + wait + WORTH > ends_at
    return due_at, give_up


def _ask_at(attempted: Attempted) -> Millis:
    return attempted.ended_at + inquiry.FIRST_WAIT if attempted.is_asked else 0


def _settlement(  # noqa: PLR0913 - the parts of an attempt's record
    attempted: Attempted,
    status: Status,
    word: str,
    *,
    upstream_id: str = "",
    code: str = "",
    reason: str = "",
    due_at: Millis = 0,
    give_up: bool = False,
    ask_at: Millis = 0,
) -> Settlement:
    claimed = attempted.claimed
    return Settlement(
        message=claimed.message,
        token=claimed.token,
        status=status,
        number=claimed.attempts + 1,
        provider=attempted.provider,
        started_at=attempted.started_at,
        ended_at=attempted.ended_at,
        outcome=word,
        upstream_id=upstream_id,
        code=code,
        reason=reason,
        due_at=due_at,
        give_up=give_up,
        ask_at=ask_at,
    )
