"""What stands between a socket and a handler is tested on the loop that it is served by."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from support.serving import Serving


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def serving() -> AsyncIterator[Serving]:
    found = Serving()
    await found.start()
    yield found
    await found.close()
