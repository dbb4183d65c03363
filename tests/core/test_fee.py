"""Fees: as the platform's documents count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core.fee import fee
from hongyan.core.text import segments


@pytest.mark.parametrize(
    ("text", "iso_code", "units"),
    [
        ("中" * 70, "CN", 1),
        ("中" * 71, "CN", 2),
        ("中" * 80, "CN", 2),  # the platform's own example
        ("中" * 134, "CN", 2),
        ("中" * 135, "CN", 3),
        ("a" * 71, "CN", 2),
        ("a" * 160, "US", 1),
        ("a" * 161, "US", 2),
        ("a" * 158 + "€", "US", 1),
        ("a" * 159 + "€", "US", 2),
        ("中" * 70, "HK", 1),
        ("中" * 71, "HK", 2),
        ("a" * 153, "MY", 1),
        ("a" * 154, "MY", 2),
        ("a" * (146 + 153), "MY", 2),
        ("a" * (146 + 154), "MY", 3),
        ("中" * 63, "MY", 1),
        ("中" * 64, "MY", 2),
        ("中" * (60 + 67), "MY", 2),
        ("中" * (60 + 68), "MY", 3),
        ("a" * 160, "DEF", 1),
    ],
)
def test_a_text_costs_what_its_country_counts(text: str, iso_code: str, units: int) -> None:
    assert fee(text, iso_code) == units


@given(st.text(min_size=1, max_size=500))
def test_at_home_a_fee_is_the_segments_that_are_sent(text: str) -> None:
    assert fee(text, "CN") == segments(text, domestic=True)
    assert fee(text, "MY") >= fee(text, "US") >= 1
