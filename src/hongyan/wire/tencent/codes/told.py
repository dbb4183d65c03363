"""What is told of a code: what it says on the wire, why it came, and what to do."""

from typing import Final, Literal, TypeAlias

import msgspec

Language: TypeAlias = Literal["en-US", "zh-CN"]
"""As X-TC-Language has it."""

ENGLISH: Final[Language] = "en-US"
CHINESE: Final[Language] = "zh-CN"


class Told(msgspec.Struct, frozen=True):
    """Sentences of our own, but for `says`: there the platform's words stand where they were seen."""

    cause_en: str
    cause_zh: str
    cure_en: str
    cure_zh: str
    says_en: str = ""
    says_zh: str = ""

    def says(self, language: Language) -> str:
        """The message on the wire; `{parameter}` in it is what it is about."""
        if language == ENGLISH:
            return self.says_en or self.cause_en
        return self.says_zh or self.cause_zh

    def cause(self, language: Language) -> str:
        return self.cause_en if language == ENGLISH else self.cause_zh

    def cure(self, language: Language) -> str:
        return self.cure_en if language == ENGLISH else self.cure_zh
