"""SQL is SQL: queries in files by subject, each under a name of its own."""

import re
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Final

_NAME: Final = re.compile(r"^-- name: (\w+).*$", re.MULTILINE)


def _read() -> Iterator[tuple[str, str]]:
    for file in sorted(resources.files(__package__).iterdir(), key=lambda one: one.name):
        if file.name.endswith(".sql"):
            pieces = _NAME.split(file.read_text(encoding="utf-8"))
            for name, sql in zip(pieces[1::2], pieces[2::2], strict=True):
                yield name, sql.strip().removesuffix(";")


SQL: Final[Mapping[str, str]] = dict(_read())
"""Name → statement, of all the files."""
