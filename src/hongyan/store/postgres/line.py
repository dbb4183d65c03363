"""How far the line of each kind is known to be empty, so that a claim need not walk over its dead.

What has been claimed leaves its index only with a vacuum; until then it lies at the head of the line,
and where somebody keeps an old snapshot (a backup that takes an hour) there may be millions of it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from asyncpg import Record

from hongyan.core.identifier import MessageId, first_id, made_at
from hongyan.core.message import Kind
from hongyan.core.time import SECOND, Millis

WORK: Final = "hongyan_work"
"""The channel that tells that something has come into the line."""

_MARGIN: Final[Millis] = 10 * SECOND
"""Ids are made before they are committed, by clocks that differ a little."""
_LOOK_EVERY: Final[Millis] = 15 * SECOND
"""So often somebody looks from the beginning, so that even a later one is found."""


class Line:
    """A process's own hint. It decides how soon one is found, never whether it may be taken."""

    def __init__(self) -> None:
        self._floors: dict[Kind, MessageId] = {}
        self._looked_at: dict[Kind, Millis] = {}

    def floor(self, kind: Kind, now: Millis) -> MessageId:
        """From where on to look."""
        if not 0 <= now - self._looked_at.get(kind, 0) < _LOOK_EVERY:
            self._looked_at[kind] = now
            return MessageId(0)
        return self._floors.get(kind, MessageId(0))

    def note(self, claimed: Iterable[Record], room: Mapping[Kind, int], now: Millis) -> None:
        """What a claim has found: nothing waits before the first of each kind. Where those that came
        back took all the room, nobody has looked.
        """
        first: dict[str, int] = {}
        back: Counter[str] = Counter()
        for row in claimed:
            if row["due_at"]:
                back[row["kind"]] += 1
            else:  # It had never left the line.
                first[row["kind"]] = min(row["id"], first.get(row["kind"], row["id"]))
        for kind in [kind for kind, most in room.items() if back[kind] < most]:
            oldest = made_at(MessageId(first[kind])) if kind in first else now
            self._floors[kind] = first_id(min(oldest, now) - _MARGIN)
