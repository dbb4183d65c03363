"""What PostgreSQL is asked."""

from collections.abc import Mapping
from typing import Final

from hongyan.store.queries import load, numbered

SQL: Final[Mapping[str, str]] = numbered(load("postgres"))
"""Name → statement."""
