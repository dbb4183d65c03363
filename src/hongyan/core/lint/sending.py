"""Lint of programs that send: keys in their source, and buttons that are faster than the limits."""

from typing import Final

import msgspec

from hongyan.core.frequency import Frequency
from hongyan.core.leak import leaks
from hongyan.core.lint.rule import WARNING, Finding, Findings, Rule, Rulebook
from hongyan.core.time import DAY, Millis

RULES: Final[dict[str, Rule]] = {
    "sending.secret_in_source": Rule(
        "A key stands in the source.",
        "源代码中写有密钥。",
        "Take it from the environment, and replace the one that was there: it is known now.",
        "请改用环境变量读取，并立即更换已经写进代码的密钥。",
    ),
    "sending.faster_than_limits": Rule(
        "The program lets people ask for another text before the limits let one out.",
        "程序允许的重发间隔短于频率限制，用户会收不到短信。",
        "Let the button count down for as long as the limit's window, or change the app's limits.",
        "请让按钮倒计时不短于限制时间，或调整应用的频率限制。",
        live=WARNING,
        document=WARNING,
    ),
    "sending.more_a_day_than_limits": Rule(
        "The program lets a number have more texts a day than the limits do.",
        "程序允许的每日条数多于频率限制，超出后用户会收不到短信。",
        "Tell people when they have reached the day's most, or change the app's limits.",
        "请在达到每日上限时提示用户，或调整应用的频率限制。",
        live=WARNING,
        document=WARNING,
    ),
}


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """How a program sends."""

    source: str = ""
    resend_after: Millis
    per_day: int


def findings(sending: Sending, frequency: Frequency, book: Rulebook) -> list[Finding]:
    """What would get its users no text, or somebody else its key."""
    found = Findings(RULES, book)
    is_open = any(not leak.ignored for leak in leaks(sending.source))
    found.add("sending.secret_in_source", "source", broken=is_open)
    shortest = max(
        [window.span for window in frequency.windows if window.most == 1 and window.span < DAY],
        default=0,
    )
    is_fast = sending.resend_after < shortest
    found.add("sending.faster_than_limits", "resend_after", broken=is_fast)
    is_much = 0 < frequency.per_day < sending.per_day
    found.add("sending.more_a_day_than_limits", "per_day", broken=is_much)
    return found.found
