"""Frequency: how often Tencent's protocol lets an app text one number; editable per app."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from hongyan.core.limit import MOST_EVENTS, Window
from hongyan.core.time import DAY, HOUR, MINUTE, SECOND

Most = Annotated[int, Meta(ge=0, le=MOST_EVENTS)]
"""0 for no limit."""

SAME_30S: Final = "same-30s"
SAME_DAY: Final = "same-day"
MINUTE_WINDOW: Final = "60s"
HOUR_WINDOW: Final = "1h"
DAY_WINDOW: Final = "day"
"""The names of the windows; each has a code of its own."""


class Frequency(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An app's limits. The defaults are those of the document that our users know."""

    same_per_30s: Most = 1
    same_per_day: Most = 0
    per_minute: Most = 1
    per_hour: Most = 0
    per_day: Most = 30

    @property
    def windows(self) -> tuple[Window, ...]:
        """Of all texts to a number."""
        return tuple(
            Window(name, most, span, natural_day=name == DAY_WINDOW)
            for name, most, span in (
                (MINUTE_WINDOW, self.per_minute, MINUTE),
                (HOUR_WINDOW, self.per_hour, HOUR),
                (DAY_WINDOW, self.per_day, DAY),
            )
            if most
        )

    @property
    def content_windows(self) -> tuple[Window, ...]:
        """Of the same text to a number."""
        return tuple(
            Window(name, most, span, natural_day=name == SAME_DAY)
            for name, most, span in (
                (SAME_30S, self.same_per_30s, 30 * SECOND),
                (SAME_DAY, self.same_per_day, DAY),
            )
            if most
        )


DOCUMENTED: Final = Frequency()
"""1 a minute, 30 a day."""
LIVE: Final = Frequency(per_minute=0, per_day=10)
"""As the platform does today."""


def content_key(app: int, phone: str, text: str) -> bytes:
    """What the same text of an app to the same number has in common, to be made a mark of."""
    return b"%d\0%b\0%b" % (app, phone.encode(), text.encode())
