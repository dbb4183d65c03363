"""What a move, a backup and a restore ask: of SQLite in `leaving.sql`, of PostgreSQL in the others."""

from collections.abc import Mapping
from typing import Final

from hongyan.store.queries import load

SQL: Final[Mapping[str, str]] = load("transfer")
"""Name → statement."""
