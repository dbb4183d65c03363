"""Every code of Tencent Cloud SMS, with cause and cure in English and Chinese.

For the faces, which put `says` on the wire; for `hongyan debug` and the documents, which explain.
"""

from collections.abc import Mapping
from typing import Final

from hongyan.wire.tencent.codes.failed import FAILED
from hongyan.wire.tencent.codes.gateway import GATEWAY
from hongyan.wire.tencent.codes.invalid import INVALID
from hongyan.wire.tencent.codes.refused import REFUSED
from hongyan.wire.tencent.codes.told import CHINESE, ENGLISH, Language, Told

__all__ = ["CHINESE", "CODES", "ENGLISH", "OK", "Language", "Told", "told_of"]

OK: Final = "Ok"
"""The code of a number whose text was taken. ReportConversion says it in capitals."""

CODES: Final[Mapping[str, Told]] = GATEWAY | FAILED | INVALID | REFUSED


def told_of(code: str) -> Told | None:
    """What is known of a code, or of the family of one that is new."""
    return CODES.get(code) or CODES.get(code.partition(".")[0])
