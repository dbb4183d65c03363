"""What can go wrong with a cloud call before, or instead of, the API that it calls."""

from enum import IntEnum, StrEnum


class Word(StrEnum):
    """CloudBase's words for why a call is refused; the SDK makes an errCode of each."""

    SYSTEM = "SYS_ERR"
    TIMEOUT = "SERVER_TIMEOUT"
    TOO_MANY = "EXCEED_REQUEST_LIMIT"
    TOO_MANY_AT_ONCE = "EXCEED_CONCURRENT_REQUEST_LIMIT"
    INVALID_ENV = "INVALIID_ENV"
    """So spelt in the SDK's table; INVALID_ENV would be unknown to it."""
    INVALID_COMMON = "INVALID_COMMON_PARAM"
    INVALID_PARAM = "INVALID_PARAM"
    INVALID_SOURCE = "INVALID_REQUEST_SOURCE"
    NOT_READY = "RESOURCE_NOT_INITIAL"


class Failure(IntEnum):
    """Codes of the cloud call that stand in its answer beside, not within, the API's."""

    NO_API = -604100
    NOT_PERMITTED = -604101
    """The function's config.json does not name this API."""
    TIMEOUT = -604102
    SYSTEM = -604103
    ILLEGAL_SOURCE = -604104
    """Key, token, environment and appid are not of one account."""


ERR_CODES = {word: -501001 - number for number, word in enumerate(Word)}
"""What user code sees as errCode."""


class Refused(Exception):
    """The call is not let in; the sentence goes to its developer."""

    def __init__(self, word: Word, sentence: str) -> None:
        super().__init__(sentence)
        self.word = word
