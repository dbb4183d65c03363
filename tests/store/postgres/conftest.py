"""What the suites of the PostgreSQL store share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from support.hands import Shared
from support.postgres import database


@pytest.fixture
async def shared(tmp_path: Path) -> AsyncIterator[Shared]:
    """A database that several processes may have their hands in."""
    with database() as url:
        opened = await Shared(url, tmp_path).open()
        yield opened
        await opened.close()
