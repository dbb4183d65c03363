"""`dev`, `serve`, `init`: a house for a laptop, a house for production, and its first furniture."""

import logging
import os
import socket
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Final

import rich_click as click
import structlog

from hongyan.app import Development, House, development, server
from hongyan.app.clock import SteadyClock
from hongyan.app.safety import unsafe, unwise
from hongyan.app.server import PortInUse
from hongyan.cli.show import as_json, fail, refusing, show
from hongyan.service.administer import create_app
from hongyan.settings import SettingsError, from_environment, load, url_parts
from hongyan.store.opening import Lock, StoreUnusable
from hongyan.store.seal import KeyFileUnusable
from hongyan.store.sqlite import administration, seal_of

_UNUSABLE: Final = (StoreUnusable, KeyFileUnusable, SettingsError, PortInUse)
_GUIDE: Final = """
 鸿雁 Hongyan is open at {url}

   The page     {url}/            register a number, see its text arrive
   The API      {url}/docs        every call, to be tried
   The keys     {file}
   Zhenzi       {url}             as apiUrl; AppId and AppSecret are among the keys

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
    default=Path("data"),
    show_default=True,
    help="Where everything is kept.",
)
@as_json
@refusing(*_UNUSABLE)
def dev(host: str, port: int, directory: Path) -> None:
    """Open a seeded house with the sandbox phone. Safe to run again.

    Writes what it made (keys, addresses) to DIR/dev.json.
    """
    host = host.removeprefix("[").removesuffix("]")  # As an address writes IPv6.
    if host not in development.LOOPBACK:
        sentence = f"'dev' opens its phone and its keys to whoever reaches it, and {host} is not a"
        fail(sentence + " loopback address. Use 127.0.0.1, or 'hongyan serve' for others.")
    _log_to_stderr()
    settings = from_environment(os.environ)
    _make(directory)
    lock = Lock(directory)  # Before anything is written: a house that is open is left alone.
    listening = server.listen(host, port)
    url = _url(host, listening)
    clock = SteadyClock()
    seal = seal_of(directory, clock, create=True)
    administering = administration(directory, seal, clock)
    secrets = development.seed(administering, _origins(url))
    administering.close()

    def build(on_fatal: Callable[[BaseException], None]) -> House:
        return House(
            development.development_settings(settings, url),
            directory,
            seal,
            clock=clock,
            on_fatal=on_fatal,
            development=Development(development.LOOPBACK, secrets.publishable_key),
            lock=lock,
        )

    def ready() -> None:
        file = development.write_dev_file(directory, url, secrets)
        guide = _GUIDE.format(url=url, file=file, key=secrets.api_key)
        show({"base_url": url, "dev_json": str(file)}, guide)
        sys.stdout.flush()

    sys.exit(server.run(listening, build, ready))


@click.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("hongyan.toml"),
    show_default=True,
    help="The configuration; see `hongyan init`.",
)
@as_json
@refusing(*_UNUSABLE)
def serve(config: Path) -> None:
    """Open a house for production, as the configuration says. Refuses to start unsafe."""
    _log_to_stderr()
    settings = load(config, os.environ)
    directory = config.parent / settings.data
    if reasons := unsafe(settings, directory):
        fail("This house is not safe to open:\n" + "\n".join(f" - {one}" for one in reasons))
    for sentence in unwise(settings):
        structlog.get_logger().warning("serve.unwise", reason=sentence)
    listening = server.listen(settings.server.host, settings.server.port)
    clock = SteadyClock()
    seal = seal_of(directory, clock)

    def build(on_fatal: Callable[[BaseException], None]) -> House:
        return House(settings, directory, seal, clock=clock, on_fatal=on_fatal)

    def ready() -> None:
        url = _url(settings.server.host, listening)
        show({"listening": url}, f"Hongyan listens on {url}.")
        sys.stdout.flush()

    sys.exit(server.run(listening, build, ready))


@click.command()
@click.argument("directory", type=click.Path(path_type=Path, file_okay=False), default=Path())
@click.option("--base-url", required=True, help="Where callers will reach it: https://…")
@click.option("--title", default="My app", show_default=True, help="The first app's title.")
@click.option("--signature", default="", help="Of its free texts, without 【】.")
@as_json
@refusing(*_UNUSABLE, FileExistsError)
def init(directory: Path, base_url: str, title: str, signature: str) -> None:
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
    data = directory / "data"
    _make(data)
    clock = SteadyClock()
    seal = seal_of(data, clock, create=True)
    administering = administration(data, seal, clock)
    with administering.together():
        account = administering.create_account(title, "enterprise")
        created = create_app(administering, account, title, signature=signature)
    administering.close()
    sample = resources.files("hongyan").joinpath("hongyan.sample.toml").read_text("utf-8")
    config.write_text(sample.replace("https://sms.example.com", base_url), encoding="utf-8")
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


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        sentence = f"{directory} cannot be made: {error.strerror}. Choose another directory."
        raise StoreUnusable(sentence) from error


def _url(host: str, listening: socket.socket) -> str:
    port = listening.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _origins(url: str) -> tuple[str, ...]:
    port = url.rsplit(":", 1)[1]
    return (f"http://127.0.0.1:{port}", f"http://localhost:{port}", f"http://[::1]:{port}")


def _log_to_stderr() -> None:
    """JSON lines for machines, colours for a person who watches."""
    person = sys.stderr.isatty()
    # The traceback alone: what stands in its frames may be a number, a code or a key.
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer = plain if person else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if not person else _pass,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)


def _pass(
    _logger: object, _name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return event
