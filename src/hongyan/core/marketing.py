"""Marketing texts that lead to a website: what they may say, how they are put together, how long they are.

The rules are those of WeChat's cloudbase.sendSms: content of at most 30 characters, a text of at most
70 with its link counted as 24, whatever the link's host is called. What a text costs goes by its real
length (`text.segments`).

For who accepts: `signature` of the app's names, `require_content`, then `words` filled for each number
with its own link, and `require_fits` once, as every link has the same length.
"""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from hongyan.core import text
from hongyan.core.errors import InvalidText, TextTooLong, UnknownSignature
from hongyan.core.template import Body

LONGEST_CONTENT: Final = 30
LONGEST_TEXT: Final = 70
LONGEST_SIGNATURE: Final = 12
LINK_LENGTH: Final = 24
"""Characters of `https://tcbe.cn/VcdrUJK0`, WeChat's own."""

_REFUSED: Final = re.compile(r"[【】¥￥★☆☞✓✔※]|\^_\^")
"""As the rules of the product name them; carriers are said to block such texts."""
_LINE_BREAK: Final = re.compile("[\r\n]")


class Ending(StrEnum):
    """How a text says that its reader may opt out; one of them is set for an app."""

    REPLY_T = "回T退订"
    OPT_OUT_BY_T = "退订回T"
    REPLY_R = "拒收请回复R"


def signature(nickname: str, short_name: str, *, use_short_name: bool) -> str:
    """What stands in 【】 before a mini program's texts.

    Raises UnknownSignature where the name that is asked for is not set, TextTooLong for a nickname
    of over 12 characters: its texts go under the short name.
    """
    if not nickname:
        raise UnknownSignature("The mini program has no nickname.")
    if use_short_name:
        if not short_name:
            raise UnknownSignature("The mini program has no short name; set one first.")
        return short_name
    if length(nickname) > LONGEST_SIGNATURE:
        sentence = f"The nickname has over {LONGEST_SIGNATURE} characters; use the short name."
        raise TextTooLong(sentence)
    return nickname


def require_content(content: str) -> None:
    """Raise InvalidText for content that cannot be sent, TextTooLong for over 30 characters."""
    text.require_showable(content)
    if length(content) > LONGEST_CONTENT:
        sentence = f"The content has {length(content)} characters; {LONGEST_CONTENT} are the most."
        raise TextTooLong(sentence)
    if found := _REFUSED.search(content):
        raise InvalidText(f"The content holds {found[0]}, which carriers do not let through.")
    if _LINE_BREAK.search(content):
        raise InvalidText("The content holds a line break.")


def words(content: str, ending: Ending) -> Body:
    """What stands around the link of `【云开发】能力上新,跳转小程序 https://tcbe.cn/VcdrUJK0 回T退订`."""
    return Body((f"{content},跳转小程序 ", f" {ending}"), (0,), 1)


def require_fits(whole: str, links: Sequence[str]) -> None:
    """Raise TextTooLong for a text, signature included, of over 70 characters."""
    if (counted := counted_length(whole, links)) > LONGEST_TEXT:
        raise TextTooLong(f"The text has {counted} characters; {LONGEST_TEXT} are the most.")


def counted_length(whole: str, links: Sequence[str]) -> int:
    """Characters of a text, each of the links that stand in it counted as 24."""
    return length(whole) + sum(LINK_LENGTH - length(link) for link in links)


def length(written: str) -> int:
    """Characters as a handset and JavaScript count them: those outside plane 0 are two."""
    return len(written.encode("utf-16-le", "surrogatepass")) // 2
