"""Parts that are loaded when they are first used, because they take long to load."""

from collections.abc import Callable, Mapping

from hongyan.service.courier import Courier
from hongyan.service.notify import CallbackSettings


class LateCourier:
    """The courier, from its first call on: an HTTP client takes a third of a second to load, and most
    commands, and many houses, never call anybody.
    """

    def __init__(self, settings: CallbackSettings) -> None:
        self._settings = settings
        self._courier: Courier | None = None

    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        is_taken: Callable[[bytes], bool] | None = None,
    ) -> str:
        if self._courier is None:
            from hongyan.app.courier import HttpCourier

            self._courier = HttpCourier(self._settings)
        return await self._courier.post(url, headers, body, is_taken)

    async def close(self) -> None:
        if self._courier is not None:
            await self._courier.close()
