"""Countries: whose a number is, by its code, its ISO 3166 letters and its English name."""

from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from typing import Final

import msgspec
import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat

from hongyan.core.phone import MAINLAND

UNKNOWN: Final = "DEF"
"""Stands where no country is known, as Tencent has it."""

_MAINLAND_CODE: Final = "+86"
_LONGEST: Final = 32


class Scope(IntEnum):
    """Where a template may be sent; the numbers are those of the API's `International`."""

    MAINLAND = 0
    ABROAD = 1
    BOTH = 3

    def covers(self, iso_code: str) -> bool:
        return self is Scope.BOTH or (self is Scope.MAINLAND) == (iso_code == MAINLAND)


class Number(msgspec.Struct, frozen=True):
    """What a number says of itself. It need not be one that takes texts."""

    phone: str
    """In E.164."""
    nation_code: str
    subscriber: str
    iso_code: str
    iso_name: str


def number(raw: str) -> Number | None:
    """What can be read of a number in any spelling; None for nothing.

    More is let pass than `phone.canonical` takes: a trunk 0 behind the code, and fixed lines.
    """
    if len(raw) > _LONGEST or not raw.isascii():
        return None
    try:
        parsed = phonenumbers.parse(raw, MAINLAND)
    except phonenumbers.NumberParseException:
        return None
    if parsed.extension or not phonenumbers.is_possible_number(parsed):
        return None
    iso_code = _iso_code(parsed)
    return Number(
        phone=phonenumbers.format_number(parsed, PhoneNumberFormat.E164),
        nation_code=str(parsed.country_code),
        subscriber=phonenumbers.national_significant_number(parsed),
        iso_code=iso_code,
        iso_name=NAMES.get(iso_code, ""),
    )


def iso_code(phone: str) -> str:
    """The ISO 3166 letters of a canonical number."""
    return MAINLAND if phone.startswith(_MAINLAND_CODE) else _read(phone)[0]


def nation_code(phone: str) -> str:
    """The digits between the + and the subscriber's own of a canonical number."""
    return "86" if phone.startswith(_MAINLAND_CODE) else _read(phone)[1]


def are_mixed(iso_codes: Iterable[str]) -> bool:
    """Whether some numbers are of mainland China and some are not."""
    return len({code == MAINLAND for code in iso_codes}) > 1


@lru_cache(maxsize=4_096)
def _read(phone: str) -> tuple[str, str]:
    parsed = phonenumbers.parse(phone)
    return _iso_code(parsed), str(parsed.country_code)


def _iso_code(parsed: PhoneNumber) -> str:
    found = phonenumbers.region_code_for_number(parsed)
    # Of numbers that belong to no country, such as satellites', the library says 001.
    return found if found in NAMES else UNKNOWN


_NAMES: Final = (
    "AC Ascension Island|AD Andorra|AE United Arab Emirates|AF Afghanistan|"
    "AG Antigua and Barbuda|AI Anguilla|AL Albania|AM Armenia|AO Angola|AR Argentina|"
    "AS American Samoa|AT Austria|AU Australia|AW Aruba|AX Åland Islands|AZ Azerbaijan|"
    "BA Bosnia and Herzegovina|BB Barbados|BD Bangladesh|BE Belgium|BF Burkina Faso|BG Bulgaria|"
    "BH Bahrain|BI Burundi|BJ Benin|BL Saint Barthélemy|BM Bermuda|BN Brunei|BO Bolivia|"
    "BQ Bonaire, Sint Eustatius and Saba|BR Brazil|BS Bahamas|BT Bhutan|BW Botswana|BY Belarus|"
    "BZ Belize|CA Canada|CC Cocos Islands|CD The Democratic Republic Of Congo|"
    "CF Central African Republic|CG Congo|CH Switzerland|CI Côte d'Ivoire|CK Cook Islands|"
    "CL Chile|CM Cameroon|CN China|CO Colombia|CR Costa Rica|CU Cuba|CV Cape Verde|CW Curaçao|"
    "CX Christmas Island|CY Cyprus|CZ Czech Republic|DE Germany|DJ Djibouti|DK Denmark|"
    "DM Dominica|DO Dominican Republic|DZ Algeria|EC Ecuador|EE Estonia|EG Egypt|"
    "EH Western Sahara|ER Eritrea|ES Spain|ET Ethiopia|FI Finland|FJ Fiji|FK Falkland Islands|"
    "FM Micronesia|FO Faroe Islands|FR France|GA Gabon|GB United Kingdom|GD Grenada|GE Georgia|"
    "GF French Guiana|GG Guernsey|GH Ghana|GI Gibraltar|GL Greenland|GM Gambia|GN Guinea|"
    "GP Guadeloupe|GQ Equatorial Guinea|GR Greece|GT Guatemala|GU Guam|GW Guinea-Bissau|"
    "GY Guyana|HK Hong Kong, China|HN Honduras|HR Croatia|HT Haiti|HU Hungary|ID Indonesia|"
    "IE Ireland|IL Israel|IM Isle Of Man|IN India|IO British Indian Ocean Territory|IQ Iraq|"
    "IR Iran|IS Iceland|IT Italy|JE Jersey|JM Jamaica|JO Jordan|JP Japan|KE Kenya|KG Kyrgyzstan|"
    "KH Cambodia|KI Kiribati|KM Comoros|KN Saint Kitts And Nevis|KP North Korea|KR South Korea|"
    "KW Kuwait|KY Cayman Islands|KZ Kazakhstan|LA Laos|LB Lebanon|LC Saint Lucia|"
    "LI Liechtenstein|LK Sri Lanka|LR Liberia|LS Lesotho|LT Lithuania|LU Luxembourg|LV Latvia|"
    "LY Libya|MA Morocco|MC Monaco|MD Moldova|ME Montenegro|MF Saint Martin|MG Madagascar|"
    "MH Marshall Islands|MK Macedonia|ML Mali|MM Myanmar|MN Mongolia|MO Macao, China|"
    "MP Northern Mariana Islands|MQ Martinique|MR Mauritania|MS Montserrat|MT Malta|MU Mauritius|"
    "MV Maldives|MW Malawi|MX Mexico|MY Malaysia|MZ Mozambique|NA Namibia|NC New Caledonia|"
    "NE Niger|NF Norfolk Island|NG Nigeria|NI Nicaragua|NL Netherlands|NO Norway|NP Nepal|"
    "NR Nauru|NU Niue|NZ New Zealand|OM Oman|PA Panama|PE Peru|PF French Polynesia|"
    "PG Papua New Guinea|PH Philippines|PK Pakistan|PL Poland|PM Saint Pierre And Miquelon|"
    "PR Puerto Rico|PS Palestine|PT Portugal|PW Palau|PY Paraguay|QA Qatar|RE Reunion|RO Romania|"
    "RS Serbia|RU Russia|RW Rwanda|SA Saudi Arabia|SB Solomon Islands|SC Seychelles|SD Sudan|"
    "SE Sweden|SG Singapore|SH Saint Helena|SI Slovenia|SJ Svalbard And Jan Mayen|SK Slovakia|"
    "SL Sierra Leone|SM San Marino|SN Senegal|SO Somalia|SR Suriname|SS South Sudan|"
    "ST Sao Tome And Principe|SV El Salvador|SX Sint Maarten (Dutch part)|SY Syria|SZ Swaziland|"
    "TA Tristan da Cunha|TC Turks And Caicos Islands|TD Chad|TG Togo|TH Thailand|TJ Tajikistan|"
    "TK Tokelau|TL Timor-Leste|TM Turkmenistan|TN Tunisia|TO Tonga|TR Turkey|"
    "TT Trinidad and Tobago|TV Tuvalu|TW Taiwan, China|TZ Tanzania|UA Ukraine|UG Uganda|"
    "US United States|UY Uruguay|UZ Uzbekistan|VA Vatican|VC Saint Vincent And The Grenadines|"
    "VE Venezuela|VG British Virgin Islands|VI U.S. Virgin Islands|VN Vietnam|VU Vanuatu|"
    "WF Wallis And Futuna|WS Samoa|XK Kosovo|YE Yemen|YT Mayotte|ZA South Africa|ZM Zambia|"
    "ZW Zimbabwe"
)

NAMES: Final[dict[str, str]] = {entry[:2]: entry[3:] for entry in _NAMES.split("|")}
"""ISO 3166 code → name, of every country with numbers of its own."""
