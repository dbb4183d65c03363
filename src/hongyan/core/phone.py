"""Phone numbers: any accepted spelling → canonical E.164, before anything is keyed by one."""

import re
from collections.abc import Set as AbstractSet
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType, ValidationResult

from hongyan.core.errors import CountryClosed, InvalidNumber

MAINLAND: Final = "CN"
COUNTRIES: Final = frozenset(phonenumbers.SUPPORTED_REGIONS)
"""Those with numbers of their own, by their ISO 3166 codes."""

_MOBILE: Final = r"1(?:[38]\d|4[57]|5[0-35-9]|6[25-7]|7[0-35-8]|9[0-35-9])\d{8}"
"""Prefixes that carriers have in use (the table of phonenumbers 9, less its satellite ranges)."""

_MAINLAND_SPELLINGS: Final = re.compile(rf"(?:\+86|0086|86)?({_MOBILE})", re.ASCII)
_VIRTUAL: Final = ("+86162", "+86165", "+86167", "+86170", "+86171")
"""Ranges of virtual operators (policy row 19: may be flagged; they receive texts like others)."""

_PUNCTUATION: Final = str.maketrans("", "", " -")
_LONGEST_INPUT: Final = 32
_MOBILE_TYPES: Final = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def canonical(raw: str, open_countries: AbstractSet[str] = frozenset({MAINLAND})) -> str:
    """The number in E.164, such as `+8613800138000`.

    Accepts `+86…`, `0086…`, `86…` and bare 11 digits for mainland China, `+…` and `00…` for
    others, with spaces and hyphens anywhere. `open_countries` holds ISO 3166 codes.

    Raises InvalidNumber (with a reason) and CountryClosed.
    """
    match = _MAINLAND_SPELLINGS.fullmatch(raw)
    if match is None:
        match = _MAINLAND_SPELLINGS.fullmatch(raw.translate(_PUNCTUATION))
    if match is not None and MAINLAND in open_countries:
        return "+86" + match[1]
    return _international(raw, open_countries)


def _international(raw: str, open_countries: AbstractSet[str]) -> str:
    """The slow way, for everything that is not plainly a mainland mobile."""
    digits = _digits(raw)
    try:
        number = phonenumbers.parse(digits, None if digits.startswith("+") else MAINLAND)
    except phonenumbers.NumberParseException as error:
        raise InvalidNumber("not_a_number", "This is not a phone number.") from error
    _require_mobile(number)
    phone = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    country = phonenumbers.region_code_for_number(number)
    if country == MAINLAND and not _MAINLAND_SPELLINGS.fullmatch(phone):
        raise InvalidNumber("not_mobile", "This is a satellite number, which takes no texts.")
    if country not in open_countries:
        sentence = f"Texts to {country or 'this country'} are not open here."
        raise CountryClosed(sentence)
    return phone


def _digits(raw: str) -> str:
    """The bare digits, with a `+` in front where a country code was written."""
    if len(raw) > _LONGEST_INPUT:
        raise InvalidNumber("too_long", "A phone number has at most 15 digits.")
    bare = raw.translate(_PUNCTUATION)
    if not bare:
        raise InvalidNumber("empty", "The phone number is empty.")
    number = bare.removeprefix("+")
    if not (number.isascii() and number.isdigit()):
        sentence = "Write a phone number in the digits 0-9, with '+', spaces and hyphens at most."
        raise InvalidNumber("not_digits", sentence)
    if bare.startswith("+"):
        return bare
    if number.startswith("00"):
        return "+" + number[2:]
    return number


def _require_mobile(number: PhoneNumber) -> None:
    match phonenumbers.is_possible_number_with_reason(number):
        case ValidationResult.TOO_SHORT:
            raise InvalidNumber("too_short", "This phone number has too few digits.")
        case ValidationResult.TOO_LONG:
            raise InvalidNumber("too_long", "This phone number has too many digits.")
        case _:
            pass
    if not phonenumbers.is_valid_number(number):
        raise InvalidNumber("unassigned", "No carrier has this range of numbers in use.")
    if phonenumbers.number_type(number) not in _MOBILE_TYPES:
        raise InvalidNumber("not_mobile", "This is not a mobile number.")


def is_virtual(phone: str) -> bool:
    """Whether a canonical number lies in a virtual operator's range."""
    return phone.startswith(_VIRTUAL)


def national(phone: str) -> str:
    """How a person in China writes a canonical number: 11 digits, others as they are."""
    return phone.removeprefix("+86")


def masked(phone: str) -> str:
    """`138****1234`: the only form in which a number leaves the house unasked."""
    shown = national(phone)
    return f"{shown[:3]}****{shown[-4:]}"
