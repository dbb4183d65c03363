"""Parcels: what waits for a provider, packed as it is handed over: alone, or with its like in one call.

Nothing waits for others of its kind to come: what is there when there is room for a call goes with it.
"""

from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

import msgspec

from hongyan.core.message import Message
from hongyan.core.outcome import Outcome
from hongyan.service.ports import Claimed, Provider


@runtime_checkable
class Grouping(Protocol):
    """A provider that takes several messages in one call. Its `concurrency` counts calls."""

    most: int
    """Messages of a call."""

    def group(self, message: Message) -> Hashable | None:
        """Messages with equal groups may go in one call; None for one that goes alone."""

    async def send_many(self, messages: Sequence[Message]) -> Sequence[Outcome]:
        """Hand over several of one group: an outcome for each, in their order. As `send`."""


class Waiting(msgspec.Struct, frozen=True, gc=False):
    """A message in a lane's hands."""

    claimed: Claimed
    providers: int
    """How many its route has."""
    group: Hashable | None = None


Parcel: TypeAlias = list[Waiting]
"""What is handed over in one call; never empty."""


class Parcels:
    """The line of one provider's messages, in their order."""

    def __init__(self, provider: Provider) -> None:
        self._grouping = provider if isinstance(provider, Grouping) else None
        self.most = self._grouping.most if self._grouping else 1
        """Messages in one parcel."""
        self._line: deque[Waiting] = deque()

    def __len__(self) -> int:
        return len(self._line)

    def add(self, claimed: Claimed, providers: int) -> None:
        group = self._grouping.group(claimed.message) if self._grouping else None
        self._line.append(Waiting(claimed, providers, group))

    def put_back(self, parcels: Iterable[Parcel]) -> None:
        """Where they were taken from."""
        some = [one for parcel in parcels for one in parcel]
        self._line.extendleft(reversed(some))

    def clear(self) -> list[Waiting]:
        """All of the line."""
        some = list(self._line)
        self._line.clear()
        return some

    def take(self, calls: int, messages: int) -> list[Parcel]:
        """So many parcels at most, of so many messages together; who waits longest goes first."""
        if self._grouping is None:
            most = min(calls, messages, len(self._line))
            return [[self._line.popleft()] for _ in range(most)]
        parcels: list[Parcel] = []
        open_ones: dict[Hashable, Parcel] = {}
        left: deque[Waiting] = deque()
        while self._line and messages:
            one = self._line.popleft()
            parcel = open_ones.get(one.group) if one.group is not None else None
            if parcel is None and len(parcels) == calls:
                left.append(one)
                continue
            messages -= 1
            if parcel is None:
                parcels.append([one])
            else:
                parcel.append(one)
            if one.group is not None:
                open_ones[one.group] = parcel = parcel or parcels[-1]
                if len(parcel) == self.most:
                    del open_ones[one.group]
        self._line.extendleft(reversed(left))
        return parcels
