"""What SQLite is asked."""

from collections.abc import Mapping
from typing import Final

from hongyan.store.queries import load

SQL: Final[Mapping[str, str]] = load("sqlite")
"""Name → statement."""
