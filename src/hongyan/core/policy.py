"""The policy: every number of verification with its default and its bounds (docs/reference/policy.md)."""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from hongyan.core.limit import MOST_EVENTS

MOST_FAILURES: Final = 100
"""NIST SP 800-63B §5.2.2: no more than 100 consecutive failures."""


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every number of verification, with the bounds that a configuration may not leave."""

    code_length: Annotated[int, Meta(ge=6, le=8)] = 6
    code_lifetime_s: Annotated[int, Meta(ge=60, le=600)] = 300
    lifetime_s: Annotated[int, Meta(ge=60, le=600)] = 600
    sends: Annotated[int, Meta(ge=1, le=5)] = 3
    attempts: Annotated[int, Meta(ge=3, le=10)] = 5
    accept_previous: Annotated[int, Meta(ge=0, le=1)] = 0
    cool_down_s: Annotated[tuple[Annotated[int, Meta(ge=30)], ...], Meta(min_length=1)] = (
        60,
        60,
        120,
        300,
    )
    cool_down_span_s: Annotated[int, Meta(ge=300, le=86_400)] = 1_800
    proof_lifetime_s: Annotated[int, Meta(ge=30, le=600)] = 300

    phone_per_minute: Annotated[int, Meta(ge=1, le=5)] = 1
    phone_per_hour: Annotated[int, Meta(ge=1, le=20)] = 5
    phone_per_day: Annotated[int, Meta(ge=1, le=40)] = 10
    phone_strangers: Annotated[int, Meta(ge=1, le=40)] = 7
    phone_stranger: Annotated[int, Meta(ge=1, le=40)] = 3
    phone_step_up_last: Annotated[int, Meta(ge=0, le=40)] = 2
    phone_reserved: Annotated[int, Meta(ge=0, le=40)] = 3

    failures: Annotated[int, Meta(ge=3, le=100)] = 15
    failures_stranger: Annotated[int, Meta(ge=3, le=100)] = 5
    failures_after_step_up: Annotated[int, Meta(ge=0, le=100)] = 5
    failures_reserved: Annotated[int, Meta(ge=1, le=100)] = 5
    lockout_min: Annotated[int, Meta(ge=1, le=1_440)] = 15

    # An address may see many; no more than a store counts again after a restart, though.
    ip_per_10_minutes: Annotated[int, Meta(ge=1, le=MOST_EVENTS)] = 10
    ip_per_hour: Annotated[int, Meta(ge=1, le=MOST_EVENTS)] = 60
    ip_per_day: Annotated[int, Meta(ge=1, le=MOST_EVENTS)] = 200

    virtual_numbers: Literal["accept", "refuse"] = "accept"

    def __post_init__(self) -> None:
        if self.lifetime_s < self.code_lifetime_s:
            raise ValueError("lifetime_s must not be less than code_lifetime_s")
        if self.failures + self.failures_after_step_up > MOST_FAILURES:
            raise ValueError("failures with failures_after_step_up must not be over 100")

    @property
    def minutes(self) -> int:
        """What the text says of a code's lifetime (row 3)."""
        return self.code_lifetime_s // 60
