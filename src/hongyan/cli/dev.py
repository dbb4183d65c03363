"""`dev`: a house for a laptop, with everything in it."""

import os
import sys
from pathlib import Path
from typing import Final

import msgspec
import rich_click as click

from hongyan.app import development, server
from hongyan.app.house import Development, House
from hongyan.app.place import place_of, remember
from hongyan.app.server import PortInUse
from hongyan.app.stores import Fatal, opener_of
from hongyan.cli.log import log_to_stderr
from hongyan.cli.show import as_json, fail, refusing, show
from hongyan.cli.where import DATA, made_directory, url_of
from hongyan.settings import SettingsError, from_environment
from hongyan.store.opening import Lock, StoreUnusable
from hongyan.store.seal import KeyFileUnusable

_GUIDE: Final = """
 鸿雁 Hongyan is open at {url}

   The page     {url}/            register a number, see its text arrive
   The API      {url}/docs        every call, to be tried
   The keys     {file}
   Zhenzi       {url}             as apiUrl; AppId and AppSecret are among the keys
   Tencent      {url}             as the SDK's endpoint, over http
   WeChat       {url}             in place of https://api.weixin.qq.com

   curl -s {url}/v1/verifications -H 'Authorization: Bearer {key}' \\
     -H 'Content-Type: application/json' -d '{{"phone":"13800138000","purpose":"login"}}'

 Texts go to the sandbox phone only. Stop with Ctrl-C; start again and all is still there.
"""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback address to use.")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8080,
    show_default=True,
    help="0 takes a free one.",
)
@click.option(
    "--data",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=DATA,
    show_default=True,
    help="Where everything is kept.",
)
@click.option(
    "--database",
    default="",
    help="postgresql://…: keep all but the keys and the phone there. DIR remembers it.",
)
@as_json
@refusing(StoreUnusable, KeyFileUnusable, SettingsError, PortInUse)
def dev(host: str, port: int, directory: Path, database: str) -> None:
    """Open a seeded house with the sandbox phone. Safe to run again.

    Writes what it made (keys, addresses) to DIR/dev.json.
    """
    host = host.removeprefix("[").removesuffix("]")  # As an address writes IPv6.
    if host not in development.LOOPBACK:
        sentence = f"'dev' opens its phone and its keys to whoever reaches it, and {host} is not a"
        fail(sentence + " loopback address. Use 127.0.0.1, or 'hongyan serve' for others.")
    log_to_stderr()
    settings = from_environment(os.environ)
    named = {"database": database} if database else {}
    place = place_of(directory, msgspec.structs.replace(settings.store, **named), Path())
    made_directory(directory)
    lock = Lock(directory)  # Before anything is written: a house that is open is left alone.
    listening = server.listen(host, port)
    url = url_of(host, listening)
    opener = opener_of(place, lock)
    opener.wait()
    clock = opener.clock()
    seal = opener.furnish(clock)
    administering = opener.administration(seal, clock)
    secrets = development.seed(administering, development.origins(url))
    administering.close()
    if place.database:
        remember(place)

    def build(on_fatal: Fatal) -> House:
        return House(
            development.development_settings(settings, url),
            opener,
            seal,
            clock=clock,
            on_fatal=on_fatal,
            development=Development(development.LOOPBACK, secrets.publishable_key),
        )

    def ready() -> None:
        file = development.write_dev_file(directory, url, secrets)
        guide = _GUIDE.format(url=url, file=file, key=secrets.api_key)
        show({"base_url": url, "dev_json": str(file)}, guide)
        sys.stdout.flush()

    sys.exit(server.run(listening, build, ready))
