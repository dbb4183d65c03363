"""The courier: what the services need of whoever calls addresses that apps have named."""

from collections.abc import Callable, Mapping
from typing import Protocol


class Courier(Protocol):
    """Carries our calls to addresses that apps have named."""

    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        is_taken: Callable[[bytes], bool] | None = None,
    ) -> str:
        """Why the other side did not take it; empty when it did: with an answer of 2xx, whose body must
        say so too where `is_taken` reads it. Never raises for what it did.
        """

    async def close(self) -> None:
        """Let go of its connections."""
