"""The policy's numbers: their bounds, and what does not go together."""

import msgspec
import pytest

from hongyan.core.limit import MOST_EVENTS
from hongyan.core.policy import Policy

# Bounds: what no configuration may leave.

BOUNDS = [
    ("code_length", 6, 8),
    ("code_lifetime_s", 60, 600),
    ("lifetime_s", 60, 600),
    ("sends", 1, 5),
    ("attempts", 3, 10),
    ("accept_previous", 0, 1),
    ("cool_down_span_s", 300, 86_400),
    ("proof_lifetime_s", 30, 600),
    ("phone_per_minute", 1, 5),
    ("phone_per_hour", 1, 20),
    ("phone_per_day", 1, 40),
    ("phone_strangers", 1, 40),
    ("phone_stranger", 1, 40),
    ("phone_step_up_last", 0, 40),
    ("phone_reserved", 0, 40),
    ("failures", 3, 100),
    ("failures_stranger", 3, 100),
    ("failures_after_step_up", 0, 100),
    ("failures_reserved", 1, 100),
    ("lockout_min", 1, 1_440),
    ("ip_per_10_minutes", 1, 500),
    ("ip_per_hour", 1, 500),
    ("ip_per_day", 1, 500),
]
FITTING = {"code_lifetime_s": {"lifetime_s": 600}, "lifetime_s": {"code_lifetime_s": 60}}
"""What else must be set so that a field may go to its bounds."""


def test_every_number_of_the_policy_has_its_bounds() -> None:
    assert {name for name, _, _ in BOUNDS} | {"cool_down_s", "virtual_numbers"} == set(
        Policy.__struct_fields__
    )


@pytest.mark.parametrize(("name", "lowest", "highest"), BOUNDS)
def test_a_number_goes_to_its_bounds(name: str, lowest: int, highest: int) -> None:
    others = {"failures": 3, "failures_after_step_up": 0, **FITTING.get(name, {})}
    for value in (lowest, highest):
        if name != "failures_after_step_up" or value == lowest:
            policy = msgspec.convert({**others, name: value}, Policy)
            assert getattr(policy, name) == value


@pytest.mark.parametrize(("name", "lowest", "highest"), BOUNDS)
def test_a_number_beyond_its_bounds_is_refused_by_name(
    name: str, lowest: int, highest: int
) -> None:
    for value in (lowest - 1, highest + 1):
        with pytest.raises(msgspec.ValidationError, match=rf"`\$\.{name}`"):
            msgspec.convert({name: value}, Policy)


@pytest.mark.parametrize(
    ("steps", "place"), [([], r"\$\.cool_down_s"), ([60, 29], r"\$\.cool_down_s\[")]
)
def test_a_cool_down_has_steps_of_at_least_thirty_seconds(steps: list[int], place: str) -> None:
    assert msgspec.convert({"cool_down_s": [30]}, Policy).cool_down_s == (30,)
    with pytest.raises(msgspec.ValidationError, match=place):
        msgspec.convert({"cool_down_s": steps}, Policy)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"lifetime_s": 299}, "lifetime_s must not be less"),
        ({"failures": 96}, "must not be over 100"),
        ({"failures_after_step_up": 86}, "must not be over 100"),
        ({"fialures": 5}, "unknown field `fialures`"),
    ],
)
def test_what_does_not_go_together_is_refused_with_a_sentence(
    fields: dict[str, int], sentence: str
) -> None:
    with pytest.raises(msgspec.ValidationError, match=sentence):
        msgspec.convert(fields, Policy)


def test_no_window_may_count_more_events_than_a_history_is_rebuilt_with() -> None:
    windows = [highest for name, _, highest in BOUNDS if "_per_" in name]
    assert max(windows) <= MOST_EVENTS


@pytest.mark.parametrize(("lifetime_s", "minutes"), [(60, 1), (119, 1), (300, 5), (600, 10)])
def test_a_text_tells_whole_minutes(lifetime_s: int, minutes: int) -> None:
    assert Policy(code_lifetime_s=lifetime_s).minutes == minutes
