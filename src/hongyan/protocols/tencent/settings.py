"""`[tencent]`: how the Tencent protocol is served."""

import re
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from hongyan.core.lint.rule import Rulebook
from hongyan.core.time import DAY, SECOND

_PREFIX: Final = re.compile(r"(?:/[\w.~-]+)+", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9.-]+(?::\d{1,5})?", re.ASCII)


class TencentSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Its defaults let every official client in that has this house's address."""

    prefixes: tuple[str, ...] = ()
    """Paths that answer calls as `/` does, such as `/tencent`."""
    public_names: tuple[str, ...] = ()
    """Host names that clients sign though a proxy sends others on."""
    rules: Rulebook = Rulebook.DOCUMENT
    """Whose rules hold: those of the document that our users know, or the platform's of today."""
    approve_after_s: Annotated[int, Meta(ge=-1, le=DAY // SECOND)] = -1
    """For development: submissions approve themselves after so long; -1 for never."""
    sensitive_words: tuple[str, ...] = ()
    """Texts that hold one of them are refused."""

    def __post_init__(self) -> None:
        if bad := [one for one in self.prefixes if not _PREFIX.fullmatch(one)]:
            raise ValueError(f"A prefix is written like /tencent, not {bad[0]!r}.")
        if bad := [one for one in self.public_names if not _NAME.fullmatch(one)]:
            raise ValueError(f"A public name is written like sms.example.com, not {bad[0]!r}.")
        if "" in self.sensitive_words:
            raise ValueError("A sensitive word is not empty.")
