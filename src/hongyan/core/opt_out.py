"""Opt-outs 退订: which replies stop marketing. They never stop a verification text."""

import re
import unicodedata
from typing import Final

from hongyan.core.mark import Mark, blend

_NO_WORDS: Final = re.compile(r"[\W_]+")
_WHOLE: Final = re.compile(r"(?:回复|回復|回|发送|發送)?(?:r|t|td|n|stop|unsubscribe|tuiding)")
"""Letters mean it only alone: many a reply begins with one."""
_BEGINNING: Final = re.compile(
    r"(?:请|請|我要|申请|申請)?(?:退订|退訂|退定|拒收|取消订阅|取消訂閱|取消短信|停止发送|停止發送)"
)
_LONGEST: Final = 500


def is_opt_out(reply: str) -> bool:
    """Whether its sender wants no more marketing; spaces, signs and the letters' form do not count."""
    bare = _NO_WORDS.sub("", unicodedata.normalize("NFKC", reply[:_LONGEST]).casefold())
    return bool(_WHOLE.fullmatch(bare) or _BEGINNING.match(bare))


def mark_of(account: int, phone: Mark) -> Mark:
    """The mark under which it is kept that the owner of a number wants no marketing of an account."""
    return blend(phone, account)
