"""`backup` and `restore`: a house into one file, and out of it again."""

import asyncio
from pathlib import Path
from typing import Final

import rich_click as click

from hongyan.app.clock import SteadyClock
from hongyan.app.place import remember
from hongyan.cli.desk import operating
from hongyan.cli.move import elsewhere
from hongyan.cli.show import as_json, refusing, show
from hongyan.cli.where import config_of, found, house_config, house_data
from hongyan.core.time import rfc3339
from hongyan.settings import SettingsError
from hongyan.store.opening import KEY_FILE

_WITHOUT_KEYS: Final = (
    f"It does not hold the key file, without which nobody can read numbers and texts, no key of an app"
    f" is known and no proof can be signed: keep a copy of {KEY_FILE} in another place."
)
_WITH_KEYS: Final = "It holds the key file too: whoever has it can read everything. Keep it as you would keep a key."


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--with-keys", is_flag=True, help="Put the key file in too. The archive is a secret then."
)
@house_config
@house_data
@as_json
@refusing(SettingsError)
@operating
def backup(file: Path, with_keys: bool, config: Path | None, directory: Path | None) -> None:
    """Write a house, as it is at this moment, into the archive FILE. It may be served meanwhile.

    The archive holds the database and, where one was named or found, the configuration with the
    secrets that stand in it; the key file only if asked to. No file is overwritten.
    """
    from hongyan.cli.progress import watched
    from hongyan.store.postgres.connections import Address
    from hongyan.store.transfer.backup import Kept, backup_postgres, backup_sqlite

    _, place = found(config, directory)
    clock = SteadyClock()
    kept = Kept(directory=place.directory, config=config_of(config, directory), with_keys=with_keys)
    with watched() as watch:
        if place.database:
            address = Address(place.database, place.password)
            made = asyncio.run(backup_postgres(kept, address, file, clock, watch))
        else:
            made = backup_sqlite(kept, file, clock, watch)
    rows = {name: figures.rows for name, figures in made.figures.items()}
    size = file.stat().st_size
    show(
        {
            "archive": str(file),
            "bytes": size,
            "made_at": rfc3339(made.made_at),
            "config": kept.config is not None,
            "keys": with_keys,
            "rows": rows,
        },
        f"{file} holds the house of {rfc3339(made.made_at)}: {rows['message']} messages,"
        f" {size / 1e6:.1f} MB.\n{_WITH_KEYS if with_keys else _WITHOUT_KEYS}"
        + ("" if kept.config else "\nIt holds no configuration: name it with --config."),
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--data",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Where to: an empty directory.",
)
@click.option(
    "--database",
    "url",
    default="",
    help="Of a house on PostgreSQL: the empty database where it goes.",
)
@click.option(
    "--database-password-file",
    "password_file",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="What that user's password is read from.",
)
@click.option(
    "--keys",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="The house's key file, where the archive does not hold it.",
)
@click.option(
    "--send-waiting",
    is_flag=True,
    help="Send what waited: nothing was sent after the archive was made.",
)
@as_json
@refusing(SettingsError)
@operating
def restore(
    file: Path,
    directory: Path,
    url: str,
    password_file: Path | None,
    keys: Path | None,
    send_waiting: bool,
) -> None:
    """Make the house in the archive FILE again, in an empty directory or database.

    All of the archive is looked at first; one that is damaged changes nothing. Messages that waited
    when it was made may have been sent since: they become unconfirmed, and are not sent again. Say
    --send-waiting if the house was closed when the archive was made, and stayed so.
    """
    from hongyan.cli.progress import watched
    from hongyan.store.postgres.connections import Address
    from hongyan.store.transfer.restore import Wanted, restore_postgres, restore_sqlite

    wanted = Wanted(archive=file, directory=directory, keys=keys, send_waiting=send_waiting)
    clock = SteadyClock()
    with watched() as watch:
        if url:
            place = elsewhere(directory, url, password_file)
            address = Address(place.database, place.password)
            restored = asyncio.run(restore_postgres(wanted, address, clock, watch))
            remember(place)
        else:
            restored = restore_sqlite(wanted, clock, watch)
    made = restored.manifest
    rows = {name: figures.rows for name, figures in made.figures.items()}
    lines = [
        f"The house of {rfc3339(made.made_at)} is in {directory} again: {rows['message']} messages."
    ]
    if restored.held_back:
        lines += [
            (
                f"{restored.held_back} messages that waited then may have been sent since. They are"
                " unconfirmed now, and not sent again."
            )
        ]
    if restored.config:
        lines += [
            f"Its configuration is {restored.config}: put it where it belongs, and look it over."
        ]
    show(
        {
            "data": str(directory),
            "made_at": rfc3339(made.made_at),
            "held_back": restored.held_back,
            "config": str(restored.config) if restored.config else "",
            "rows": rows,
        },
        "\n".join(lines),
    )
