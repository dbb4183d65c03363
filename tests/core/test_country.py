"""Countries: whose a number is."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hongyan.core import country
from hongyan.core.country import NAMES, Number, Scope


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ("+8618501234444", ("+8618501234444", "86", "18501234444", "CN", "China")),
        ("+86018501234444", ("+8618501234444", "86", "18501234444", "CN", "China")),
        ("008618501234444", ("+8618501234444", "86", "18501234444", "CN", "China")),
        ("8618501234444", ("+8618501234444", "86", "18501234444", "CN", "China")),
        ("18501234444", ("+8618501234444", "86", "18501234444", "CN", "China")),
        ("+60198890000", ("+60198890000", "60", "198890000", "MY", "Malaysia")),
        ("+12025550123", ("+12025550123", "1", "2025550123", "US", "United States")),
        ("+85251234567", ("+85251234567", "852", "51234567", "HK", "Hong Kong, China")),
        ("+870773111632", ("+870773111632", "870", "773111632", "DEF", "")),
    ],
)
def test_a_number_tells_whose_it_is(raw: str, found: tuple[str, ...]) -> None:
    assert country.number(raw) == Number(*found)
    phone, code, _, iso, _ = found
    assert (country.nation_code(phone), country.iso_code(phone)) == (code, iso)


@pytest.mark.parametrize(
    "raw", ["", "abc", "+", "+1", "+999123", "+861", "123", "１８５０１２３４４４４", "1" * 40, "18501234444;ext=5"]
)  # fmt: skip
def test_what_is_no_number_tells_nothing(raw: str) -> None:
    assert country.number(raw) is None


def test_every_country_with_numbers_has_a_name() -> None:
    assert set(NAMES) == set(phonenumbers.SUPPORTED_REGIONS)
    assert all(name == name.strip() and name for name in NAMES.values())


@pytest.mark.parametrize(
    ("iso_codes", "mixed"),
    [([], False), (["CN", "CN"], False), (["MY", "US", "DEF"], False), (["MY", "CN"], True)],
)
def test_home_and_abroad_are_told_apart(iso_codes: list[str], *, mixed: bool) -> None:
    assert country.are_mixed(iso_codes) is mixed


def test_a_template_covers_home_or_abroad_or_both() -> None:
    assert [scope.covers("CN") for scope in Scope] == [True, False, True]
    assert [scope.covers("HK") for scope in Scope] == [False, True, True]
    assert [int(scope) for scope in Scope] == [0, 1, 3]


@given(st.text())
def test_whatever_is_asked_is_answered(raw: str) -> None:
    found = country.number(raw)
    assert found is None or country.number(found.phone) == found
