"""Handing: what is known of a text that went to a platform, when the platform is asked about it or
tells of it by names of its own.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Protocol, TypeAlias

import msgspec

from hongyan.core.identifier import MessageId
from hongyan.core.time import Millis


class Handed(msgspec.Struct, frozen=True):
    """A text as it was handed over. Its repr tells nothing of it."""

    message: MessageId
    phone: str
    text: str
    """What is kept of it: a code is gone once its text is settled, and with a template all is."""
    upstream_id: str
    """Empty where its answer was lost."""
    at: Millis

    def __repr__(self) -> str:
        return f"Handed({self.message!r})"


class Handings(Protocol):
    """A part of `ports.Store`."""

    async def handed(self, provider: str, message: MessageId) -> Handed | None:
        """The last attempt with this provider that may have gone out."""

    async def known_as(
        self, provider: str, upstream_ids: Collection[str]
    ) -> Mapping[str, MessageId]:
        """Whose texts the provider calls so: those that are settled. For providers that tell of texts
        by these names alone (Tencent); of others it knows nothing.
        """


FindHanded: TypeAlias = Callable[[MessageId], Awaitable[Handed | None]]
FindNamed: TypeAlias = Callable[[Collection[str]], Awaitable[Mapping[str, MessageId]]]
"""The two above, of one provider: what it is handed at its making."""
