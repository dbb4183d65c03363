"""How long a store keeps what it keeps, and in what portions it lets go: the same for every kind."""

from typing import Final

from hongyan.core.time import DAY, HOUR, MINUTE, Millis

CLOSE_AFTER: Final[Millis] = 72 * HOUR
"""How long a doubt stays open for a receipt or a query."""
CURRENT_WINDOW: Final[Millis] = 10 * MINUTE
"""No verification lives longer (policy row 2)."""
RECEIPTS_COME: Final[Millis] = 5 * DAY
"""After its acceptance a message is not expected to end by a receipt any more (they come, or are
asked for, within 72 h of the hand-over), so its app is owed no word of it.
"""
REPORTS_KEPT: Final[Millis] = 30 * DAY
"""After the acceptance of its message no report is kept, given up or not."""
RESULTS_KEPT: Final[Millis] = 7 * DAY
"""So long after the acceptance of its message, or after a reply, an app may ask for it."""
LINKS_KEPT: Final[Millis] = 30 * DAY + HOUR
"""After the acceptance of its message no link is kept: it has ended by then."""
TOTALS_KEPT: Final[Millis] = 30 * DAY
"""So long a daily total is kept: no text of its day waits for its end any more."""
FILED_AFTER: Final[Millis] = MINUTE
"""So long after its id was made a text is filed: by then it has been committed, or it never will be."""
LATE: Final[Millis] = MINUTE // 3
"""A text whose commit comes so long after its id was made is filed by that commit itself. No
transaction lasts longer than what is left of the minute.
"""
WORTH_COUNTING: Final = 100_000
"""Texts on record that are counted for whoever asks how many there are."""
SLICE: Final = 500
"""Rows that one sweep does of a kind of work."""
LOST: Final = "The process that was sending it ended; it may have been sent."
"""What is said of an attempt whose lease has ended."""
