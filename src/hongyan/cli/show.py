"""What commands print: for people by default, one JSON object with `--json`."""

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NoReturn, ParamSpec, TypeVar

import msgspec
import rich_click as click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hongyan.store.opening import StoreAway

P = ParamSpec("P")
R = TypeVar("R")

REFUSED: Final = 1
LATER: Final = 75
"""EX_TEMPFAIL: nothing is wrong that a later start would not find mended."""
_FLAG: Final = "hongyan.json"

console: Final = Console(highlight=False, soft_wrap=True)
_errors: Final = Console(stderr=True, highlight=False, soft_wrap=True)


def as_json(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command the option `--json`."""

    def remember(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
        context.find_root().meta[_FLAG] = value

    option = click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        callback=remember,
        help="Print one JSON object.",
    )
    return option(command)


def wants_json() -> bool:
    context = click.get_current_context(silent=True)
    return bool(context and context.find_root().meta.get(_FLAG))


def show(value: object, text: str) -> None:
    """The answer of a command."""
    if wants_json():
        sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    else:
        console.print(text, markup=False)


def show_table(rows: Sequence[Mapping[str, Any]], empty: str) -> None:
    """Rows with the same keys, as a table."""
    if wants_json():
        sys.stdout.write(msgspec.json.encode(rows).decode() + "\n")
        return
    if not rows:
        console.print(empty, markup=False)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for field in rows[0]:
        # Folded where a line is too short: half a name is none.
        table.add_column(field, overflow="fold")
    for row in rows:
        # As it is written: what stands in brackets is somebody's text, not our colours.
        table.add_row(*(Text(_told(value)) for value in row.values()))
    console.print(table)


def show_row(row: Mapping[str, Any]) -> None:
    """One thing, a line a field."""
    show(row, "\n".join(f"{field:14} {_told(value)}" for field, value in row.items()))


def _told(value: object) -> str:
    """For people: a list as its members, a truth as a word."""
    match value:
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(_told, value)) or "-"
        case dict():
            return " ".join(_told(one) for one in value.values() if one not in ("", []))
        case _:
            return str(value)


def fail(sentence: str, code: int = REFUSED, **more: object) -> NoReturn:
    """End with a sentence that says what to do."""
    if wants_json():
        sys.stdout.write(msgspec.json.encode({"error": sentence, **more}).decode() + "\n")
    else:
        _errors.print(sentence, markup=False, style="red")
    raise SystemExit(code)


def refusing(*errors: type[Exception]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Say these errors in a sentence and end with code 1, or 75 where a database is away."""

    def around(command: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(command)
        def refuse(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return command(*args, **kwargs)
            except errors as error:
                fail(str(error), LATER if isinstance(error, StoreAway) else REFUSED)

        return refuse

    return around
