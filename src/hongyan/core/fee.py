"""Fees: how many segments 计费条 a text is charged as, where a country counts in its own way."""

from typing import Final

from hongyan.core.phone import MAINLAND
from hongyan.core.text import segments

_MALAYSIA: Final = "MY"
_MALAYSIAN: Final = "RM0.00 "
"""Malaysian carriers put the price in front of every text: 7 characters that count."""


def fee(text: str, iso_code: str) -> int:
    """Segments of a text, its signature included, to a number of this country; at least 1.

    https://www.tencentcloud.com/document/product/382/34671 and its announcement 100814.
    """
    if iso_code == _MALAYSIA:
        text = _MALAYSIAN + text
    return segments(text, domestic=iso_code == MAINLAND)
