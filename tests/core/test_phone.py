"""Phone numbers: one canonical form whatever was typed, and a reason for everything else."""

from collections.abc import Set as AbstractSet

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from hongyan.core.errors import CountryClosed, InvalidNumber
from hongyan.core.phone import canonical, is_virtual, masked, national

MOBILE = "+8613800138000"
SATELLITE = ("1610", "1740")
"""What phonenumbers lists as mobile and carriers in China do not text."""

REFUSALS = {
    "empty",
    "not_digits",
    "not_a_number",
    "too_short",
    "too_long",
    "unassigned",
    "not_mobile",
    "country closed",
}

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS - {"TA"})
"""All but Tristan da Cunha, which has no mobile network."""


@pytest.mark.parametrize(
    "written",
    [
        "13800138000",
        "8613800138000",
        "+8613800138000",
        "008613800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+86 138-0013-8000",
        "+86-138-0013-8000",
        "00 86 138 0013 8000",
        " 13800138000 ",
        "1-3-8-0-0-1-3-8-0-0-0",
    ],
)
def test_every_spelling_of_a_number_is_one_number(written: str) -> None:
    assert canonical(written) == MOBILE


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "empty"),
        (" - ", "empty"),
        ("+", "not_digits"),
        ("++8613800138000", "not_digits"),
        ("+86+13800138000", "not_digits"),
        ("(138)00138000", "not_digits"),
        ("138.0013.8000", "not_digits"),
        ("1380013800a", "not_digits"),
        ("13800138000\n", "not_digits"),
        ("13800138000\x00", "not_digits"),
        ("1380013\u00a08000", "not_digits"),
        ("１３８００１３８０００", "not_digits"),
        ("138٠٠١٣٨٠٠٠", "not_digits"),
        ("13800138000;ext=1", "not_digits"),
        ("00", "not_a_number"),
        ("+86", "not_a_number"),
        ("+999123456789", "not_a_number"),
        ("110", "too_short"),
        ("+8613800138000000000", "too_long"),
        ("1" * 33, "too_long"),
        ("+86" + "1" * 1_000_000, "too_long"),
        ("1380013800", "unassigned"),
        ("138001380001", "unassigned"),
        ("12000138000", "unassigned"),
        ("010 6552 9988", "not_mobile"),
        ("4008123123", "not_mobile"),
        ("+39 06 1234 5678", "not_mobile"),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_what_is_no_number_is_refused_with_its_reason(written: str, reason: str) -> None:
    with pytest.raises(InvalidNumber) as refused:
        canonical(written)
    assert refused.value.reason == reason


@pytest.mark.parametrize("prefix", ["162", "165", "167", "170", "171"])
def test_virtual_operators_numbers_are_texted_like_others_and_may_be_flagged(prefix: str) -> None:
    number = canonical(prefix + "00138000")
    assert number == f"+86{prefix}00138000"
    assert is_virtual(number)


@pytest.mark.parametrize("prefix", ["138", "166", "172", "192", "199"])
def test_a_carriers_own_numbers_are_not_virtual(prefix: str) -> None:
    assert not is_virtual(canonical(prefix + "00138000"))


@given(st.integers(0, 10**10 - 1))
def test_mainland_numbers_are_those_that_phonenumbers_knows(tail: int) -> None:
    number = f"1{tail:010d}"
    if number.startswith(SATELLITE):
        return
    assert (_became(number) == "+86" + number) is _is_known(number)


def test_every_mainland_prefix_is_one_that_phonenumbers_knows() -> None:
    for prefix in range(1_000, 2_000):
        number = f"{prefix}6543210"
        if str(prefix) not in SATELLITE:
            assert (_became(number) == "+86" + number) is _is_known(number)


@pytest.mark.parametrize("prefix", SATELLITE)
def test_a_satellite_phone_is_no_mobile(prefix: str) -> None:
    with pytest.raises(InvalidNumber):
        canonical(prefix + "0138000")


def test_a_mobile_of_every_country_is_its_own_canonical_form() -> None:
    for region in REGIONS:
        example = phonenumbers.example_number_for_type(region, PhoneNumberType.MOBILE)
        assert example is not None
        number = phonenumbers.format_number(example, PhoneNumberFormat.E164)
        home = {phonenumbers.region_code_for_number(example) or ""}
        assert canonical(number, home) == canonical("00" + number[1:], home) == number


@pytest.mark.parametrize("written", ["+852 5123 4567", "0085251234567"])
def test_a_country_is_closed_until_it_is_opened(written: str) -> None:
    with pytest.raises(CountryClosed, match="HK"):
        canonical(written)
    assert canonical(written, {"CN", "HK"}) == "+85251234567"


def test_mainland_china_may_be_closed_too() -> None:
    with pytest.raises(CountryClosed, match="CN"):
        canonical("13800138000", {"HK"})


@given(
    st.text() | st.text("+0123456789 -", max_size=32) | st.from_regex(r"(\+|00)[0-9]{3,16}"),
    st.sets(st.sampled_from(REGIONS)),
)
def test_whatever_is_typed_becomes_a_stable_number_or_a_refusal(
    written: str, countries: set[str]
) -> None:
    became = _became(written, countries)
    assert became in REFUSALS or canonical(became, countries) == became


@pytest.mark.parametrize(
    ("number", "people_write", "shown"),
    [
        (MOBILE, "13800138000", "138****8000"),
        ("+85251234567", "+85251234567", "+85****4567"),
    ],
)
def test_a_number_is_written_without_86_and_shown_masked(
    number: str, people_write: str, shown: str
) -> None:
    assert national(number) == people_write
    assert masked(number) == shown


def _became(written: str, countries: AbstractSet[str] = frozenset({"CN"})) -> str:
    """The canonical number, or why there is none."""
    try:
        return canonical(written, countries)
    except InvalidNumber as refused:
        return refused.reason
    except CountryClosed:
        return "country closed"


def _is_known(number: str) -> bool:
    parsed = phonenumbers.parse(number, "CN")
    mobile = phonenumbers.number_type(parsed) == PhoneNumberType.MOBILE
    return mobile and phonenumbers.is_valid_number(parsed)
