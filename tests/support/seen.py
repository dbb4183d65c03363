"""What a SQLite store's file holds, seen from outside."""

from contextlib import closing
from typing import Any

import apsw

from hongyan.store.sqlite.schema import DATABASE
from support.world import World


def seen(world: World, query: str) -> list[tuple[Any, ...]]:
    """The rows that any other process would find now."""
    with closing(apsw.Connection(str(world.directory / DATABASE))) as connection:
        return connection.execute(query).fetchall()
