"""SQL is SQL: queries in files by subject, each under a name of its own.

A folder for each kind of store; where a statement is the same in all of them it stands in `shared`.
"""

import re
from collections.abc import Iterator, Mapping
from importlib import resources
from itertools import count
from typing import Final

_NAME: Final = re.compile(r"^-- name: (\w+).*$", re.MULTILINE)
_PLACE: Final = re.compile(r"\?")


def load(kind: str) -> Mapping[str, str]:
    """Name → statement, of a kind of store."""
    return dict(_read("shared")) | dict(_read(kind))


def numbered(statements: Mapping[str, str]) -> dict[str, str]:
    """With `$1`, `$2` … where the shared statements have `?`."""
    return {name: _numbered(sql) for name, sql in statements.items()}


def _numbered(sql: str) -> str:
    places = count(1)
    return _PLACE.sub(lambda _: f"${next(places)}", sql)


def _read(folder: str) -> Iterator[tuple[str, str]]:
    place = resources.files(__package__).joinpath(folder)
    for file in sorted(place.iterdir(), key=lambda one: one.name):
        if file.name.endswith(".sql"):
            pieces = _NAME.split(file.read_text(encoding="utf-8"))
            for name, sql in zip(pieces[1::2], pieces[2::2], strict=True):
                yield name, sql.strip().removesuffix(";")
