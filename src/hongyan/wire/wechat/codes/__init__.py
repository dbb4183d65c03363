"""Every errcode of the APIs that are served, with its words, cause and cure in English and Chinese.

`Told.says_en` is the errmsg: WeChat's words where they were seen, in one language for all. `{detail}`
in it is what it is about. For the faces, for `hongyan debug` and for the documents.
"""

from collections.abc import Mapping
from typing import Final

from hongyan.wire.tencent.codes.told import Told
from hongyan.wire.wechat.codes.access import ACCESS
from hongyan.wire.wechat.codes.sending import SENDING

__all__ = ["CODES", "LATER", "OK", "RENEWABLE", "STOPPING", "Told"]

OK: Final = 0

CODES: Final[Mapping[int, Told]] = ACCESS | SENDING

RENEWABLE: Final = frozenset({40001, 40014, 42001})
"""The token is at fault, and nothing was done: with a new one the same call may be made once more."""

LATER: Final = frozenset({-1, 45011})
"""Nothing was done; a later call may succeed."""

STOPPING: Final = frozenset({40125, 40164, 45009, 48001})
"""Nothing will succeed until somebody has changed something at WeChat."""
