"""`migrate`: brings the schema of a house up to date."""

import rich_click as click

from hongyan.app.place import Place
from hongyan.app.stores import opener_of
from hongyan.cli.desk import operating
from hongyan.cli.show import as_json, show
from hongyan.cli.where import place_option


@click.command()
@click.option("--dry-run", is_flag=True, help="Only show what would be applied.")
@place_option
@as_json
@operating
def migrate(dry_run: bool, place: Place) -> None:
    """Apply the migrations that the database lacks, in order, each whole or not at all.

    Processes of the version before this one go on meanwhile. A schema that is newer than this
    program, or another program's, is left alone.
    """
    opener = opener_of(place)
    names = list(opener.pending() if dry_run else opener.migrate())
    done = "would be applied" if dry_run else "applied"
    lines = [f"{name} {done}" for name in names] or [f"{place.told} is up to date."]
    show(
        {"applied": [] if dry_run else names, "lacking": names if dry_run else []}, "\n".join(lines)
    )
