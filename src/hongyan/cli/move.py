"""`move`: a house on SQLite moves into PostgreSQL, whole."""

import asyncio
from pathlib import Path
from typing import Final

import msgspec
import rich_click as click

from hongyan.app.clock import SteadyClock
from hongyan.app.place import Place, place_of
from hongyan.cli.desk import operating
from hongyan.cli.show import as_json, fail, refusing, show
from hongyan.cli.where import place_option
from hongyan.core.time import rfc3339
from hongyan.settings import SettingsError
from hongyan.store.opening import StoreSettings
from hongyan.store.sqlite import seal_of

_NEXT: Final = """\
Every table was compared: rows, and the sums of what they hold.

Next: name that database in [store] database (with `--database` for `dev`), copy the key file to each
machine that is to serve the house, and run `hongyan serve`, or `web` and `worker`. What is left in
{directory} is not served any more; keep it until you are content, together with the key file, which the
house goes on needing."""


@click.command()
@click.option(
    "--database",
    "url",
    default="",
    help="Where to: postgresql://user@host:port/database. Without it: what the configuration names.",
)
@click.option(
    "--database-password-file",
    "password_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="What that user's password is read from.",
)
@click.option(
    "--slice",
    "rows",
    type=click.IntRange(1, 1_000_000),
    default=20_000,
    show_default=True,
    help="Rows copied in one transaction.",
)
@click.option("--back", is_flag=True, help="Give the move up: serve the house from its file again.")
@place_option
@as_json
@refusing(SettingsError)
@operating
def move(url: str, password_file: Path | None, rows: int, back: bool, place: Place) -> None:
    """Move a house from its SQLite file into an empty PostgreSQL database, and check what arrived.

    The house must be closed. A move that was interrupted, however that came, goes on when it is run
    again. The key file stays where it is: the house needs it there too. What is left behind is not
    served again, unless with --back: what waits in it is then in doubt, for it may have been sent.
    """
    if back:
        _come_back(place)
        return
    there = elsewhere(place.directory, url, password_file) if url else place
    if not there.database:
        fail("Say where to: --database postgresql://user@host:port/database.")
    from hongyan.cli.progress import watched
    from hongyan.store.postgres.connections import Address
    from hongyan.store.transfer.moving import move as move_house

    clock = SteadyClock()
    seal = seal_of(place.directory, clock)
    address = Address(there.database, there.password)
    with watched() as watch:
        moved = asyncio.run(
            move_house(place.directory, seal, address, clock, watch, slice_rows=rows)
        )
    if not moved.figures:
        sentence = f"The house has moved to {moved.to} already, at {rfc3339(moved.at)}."
        show({"moved": moved.to, "tables": {}}, sentence)
        return
    tables = msgspec.to_builtins(moved.figures)
    lines = [f"{name:22}{figures.rows:>14,}" for name, figures in moved.figures.items()]
    balance = moved.figures["account"].sums["balance"]
    lines += ["", f"The house is at {moved.to} now, with balances of {balance} together."]
    lines += [_NEXT.format(directory=place.directory)]
    show({"moved": moved.to, "tables": tables}, "\n".join(lines))


def elsewhere(directory: Path, url: str, password_file: Path | None) -> Place:
    """A database that no configuration names. Raises SettingsError."""
    file = str(password_file.absolute()) if password_file else ""
    settings = StoreSettings(database=url, database_password_file=file)
    return place_of(directory, settings, Path())


def _come_back(place: Place) -> None:
    from hongyan.cli.progress import watched
    from hongyan.store.transfer.moving import come_back

    clock = SteadyClock()
    with watched() as watch:
        held = come_back(place.directory, seal_of(place.directory, clock), clock, watch)
    if held is None:
        fail(f"The house in {place.directory} has not moved; nothing was changed.")
    show(
        {"back": str(place.directory), "held_back": held},
        f"The house can be served from {place.directory} again. {held} messages that waited there are"
        " in doubt now: they may have been sent from where it had gone. Do not serve both.",
    )
