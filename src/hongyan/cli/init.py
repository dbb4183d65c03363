"""`init`: the first furniture of a house for production."""

import os
from importlib import resources
from pathlib import Path
from typing import Final

import msgspec
import rich_click as click

from hongyan.app.place import PASSWORD_FILE, Place, place_of, write_privately
from hongyan.app.stores import opener_of
from hongyan.cli.show import as_json, fail, refusing, show
from hongyan.cli.where import made_directory
from hongyan.service.administer import create_app
from hongyan.settings import SettingsError, from_environment, url_parts
from hongyan.store.opening import StoreUnusable
from hongyan.store.seal import KeyFileUnusable

_DATA: Final = "data"


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--base-url", required=True, help="Where callers will reach it: https://…")
@click.option("--title", default="My app", show_default=True, help="The first app's title.")
@click.option("--signature", default="", help="Of its free texts, without 【】.")
@click.option(
    "--database",
    default="",
    help="postgresql://…: an empty database of its own. Without one: SQLite.",
)
@as_json
@refusing(StoreUnusable, KeyFileUnusable, SettingsError, FileExistsError)
def init(directory: Path, base_url: str, title: str, signature: str, database: str) -> None:
    """Make a configuration, a data directory with its key file, and a first app in DIRECTORY.

    The app's secret key is printed once. Nothing that exists is overwritten.
    """
    try:
        url_parts(base_url)
    except ValueError as error:
        fail(f"--base-url {base_url} is no address: {error}.")
    config = directory / "hongyan.toml"
    if config.exists():
        fail(f"{config} exists already; nothing was changed.")
    data = directory / _DATA
    settings = from_environment(os.environ).store
    if database:
        settings = msgspec.structs.replace(settings, database=database)
    place = place_of(data, settings, Path())
    made_directory(data)
    opener = opener_of(place)
    clock = opener.clock()
    seal = opener.furnish(clock)
    administering = opener.administration(seal, clock)
    with administering.together():
        account = administering.create_account(title, "enterprise")
        created = create_app(administering, account, title, signature=signature)
    administering.close()
    # A password that has a file already stays there, and so does what names it.
    password = "" if settings.database_password_file else place.password
    config.write_text(_configuration(base_url, place, password), encoding="utf-8")
    show(
        {
            "config": str(config),
            "data": str(data),
            "app": created.app,
            "api_key": created.api_key,
            "app_id": created.app_id,
            "app_secret": created.app_secret,
        },
        f"Configuration  {config}\n"
        f"Data           {data}  (back up {data / 'hongyan.key'} apart from the database)\n"
        f"App            {created.app}\n"
        f"Secret key     {created.api_key}  (shown this once)\n"
        f"AppId          {created.app_id}  (for clients of Zhenzi)\n"
        f"AppSecret      {created.app_secret}  (shown this once)\n\n"
        "Next: a provider in the configuration, 'hongyan route', 'hongyan package add', then"
        " 'hongyan doctor' and 'hongyan serve'.",
    )


def _configuration(base_url: str, place: Place, password: str) -> str:
    """The sample, with what is particular to this house. A password goes into a file of its own."""
    sample = resources.files("hongyan").joinpath("hongyan.sample.toml").read_text("utf-8")
    text = sample.replace("https://sms.example.com", base_url)
    if place.database:
        text = text.replace('database = ""', f'database = "{place.database}"')
    if password:
        write_privately(place.directory / PASSWORD_FILE, password)
        before, after = (f'database_password_file = "{one}"' for one in ("", _password_file()))
        text = text.replace(before, after)
    return text


def _password_file() -> str:
    """As the configuration names it."""
    return f"{_DATA}/{PASSWORD_FILE}"
