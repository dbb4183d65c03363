"""`serve`, `web`, `worker`: the processes of a house for production."""

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, ParamSpec

import msgspec
import rich_click as click
import structlog

from hongyan.app import development, server
from hongyan.app.house import Development, House, Role
from hongyan.app.place import Place, place_of
from hongyan.app.safety import unsafe, unwise
from hongyan.app.server import PortInUse
from hongyan.app.stores import Fatal, Opener, opener_of
from hongyan.app.supervisor import supervise
from hongyan.cli.log import log_to_stderr
from hongyan.cli.show import as_json, fail, refusing, show
from hongyan.cli.where import CONFIG, DATA, config_option, configured, url_of
from hongyan.settings import Settings, SettingsError, from_environment
from hongyan.store.opening import StoreUnusable
from hongyan.store.seal import KeyFileUnusable

P = ParamSpec("P")

_PORT: Final = click.IntRange(0, 65_535)
_MOST_PROCESSES: Final = 256


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """One process, as it is asked for."""

    role: Role
    config: Path = CONFIG
    directory: Path | None = None
    """Of the `dev` whose house it is; None in production."""
    port: int | None = None
    """Another than the configuration's."""
    processes: int = 1
    supervisor: int | None = None
    """The line to it, in a child."""


_serving: Final = refusing(StoreUnusable, KeyFileUnusable, SettingsError, PortInUse)
_processes: Final = click.option(
    "--processes",
    type=click.IntRange(1, _MOST_PROCESSES),
    default=1,
    show_default=True,
    help="So many at one address, each begun again when it dies. Needs PostgreSQL.",
)
_child: Final = click.option("--child", "supervisor", type=int, hidden=True)


def _of_dev(command: Callable[P, None]) -> Callable[..., None]:
    """Give a command what makes it a process of a `dev`'s house."""

    @functools.wraps(command)
    def placed(*args: P.args, **kwargs: P.kwargs) -> None:
        in_dev = kwargs.pop("in_dev")
        directory = kwargs.pop("directory")
        if directory and not in_dev:
            fail("--data goes with --dev. In production the configuration names the directory.")
        kwargs["directory"] = (directory or DATA) if in_dev else None
        command(*args, **kwargs)

    data = click.option(
        "--data",
        "directory",
        type=click.Path(path_type=Path, file_okay=False),
        default=None,
        help="With --dev: its data directory. [default: data]",
    )
    dev = click.option(
        "--dev", "in_dev", is_flag=True, help="For trials: of a `hongyan dev`'s house."
    )
    return dev(data(placed))


@click.command()
@config_option
@_processes
@click.option("--port", type=_PORT, default=None, help="Another port than the configuration's.")
@_child
@as_json
@_serving
def serve(config: Path, processes: int, port: int | None, supervisor: int | None) -> None:
    """Open a house for production, as the configuration says. Refuses to start unsafe."""
    _run(
        Start(role=Role.HOUSE, config=config, port=port, processes=processes, supervisor=supervisor)
    )


@click.command()
@config_option
@_processes
@click.option("--port", type=_PORT, default=None, help="Another port than the configuration's.")
@_of_dev
@_child
@as_json
@_serving
def web(
    config: Path,
    processes: int,
    port: int | None,
    directory: Path | None,
    supervisor: int | None,
) -> None:
    """Answer and accept, and leave delivery to workers: any number of these, on any hosts."""
    _run(
        Start(
            role=Role.WEB,
            config=config,
            directory=directory,
            port=port,
            processes=processes,
            supervisor=supervisor,
        )
    )


@click.command()
@config_option
@click.option("--port", type=_PORT, default=None, help="Answer for its health and metrics here.")
@_of_dev
@as_json
@_serving
def worker(config: Path, port: int | None, directory: Path | None) -> None:
    """Hand over what was accepted, by whichever process: any number of these, on any hosts."""
    _run(Start(role=Role.WORKER, config=config, directory=directory, port=port))


def _run(start: Start) -> None:
    log_to_stderr()
    settings, place = _found(start)
    opener = opener_of(place)
    many = start.role is not Role.HOUSE or start.processes > 1 or start.supervisor is not None
    if many and not opener.serves_many:
        sentence = f"{place.told} is a house on SQLite, which one process serves: 'hongyan serve'."
        fail(sentence + " For several, set [store] database to a PostgreSQL.")
    if start.processes > 1:
        sys.exit(_supervised(start, settings))
    sys.exit(_served(start, settings, opener))


def _found(start: Start) -> tuple[Settings, Place]:
    """The settings, with the port that is asked for, once they are known to be safe."""
    if start.directory is None:
        settings, place = configured(start.config)
        if reasons := unsafe(settings, place.directory):
            fail("This house is not safe to open:\n" + "\n".join(f" - {one}" for one in reasons))
        if start.supervisor is None:
            for sentence in unwise(settings):
                structlog.get_logger().warning("serve.unwise", reason=sentence)
    else:
        base_url = development.base_url_of(start.directory)
        if not base_url:
            sentence = f"{start.directory} holds no {development.DEV_FILE}: --dev is for the house"
            fail(sentence + " of a 'hongyan dev'. Open that first.")
        settings = development.development_settings(from_environment(os.environ), base_url)
        place = place_of(start.directory, settings.store, Path())
    if start.port is not None:
        at = msgspec.structs.replace(settings.server, port=start.port)
        settings = msgspec.structs.replace(settings, server=at)
    return settings, place


def _supervised(start: Start, settings: Settings) -> int:
    host = settings.server.host
    with server.reserve(host, settings.server.port) as reserved:
        url = url_of(host, reserved)
        port = reserved.getsockname()[1]

        def command(line: int) -> list[str]:
            where = ["--config", str(start.config)]
            if start.directory is not None:
                where += ["--dev", "--data", str(start.directory)]
            name = "web" if start.role is Role.WEB else "serve"
            told = ["--port", str(port), "--child", str(line)]
            return [sys.executable, "-m", "hongyan", name, *where, *told]

        return supervise(command, start.processes, lambda: _tell(start, url))


def _served(start: Start, settings: Settings, opener: Opener) -> int:
    is_child = start.supervisor is not None
    host, port = settings.server.host, settings.server.port
    needs_port = start.role is not Role.WORKER or start.port is not None
    listening = server.listen(host, port, shared=is_child) if needs_port else None
    url = url_of(host, listening) if listening is not None else ""
    opener.wait()
    clock = opener.clock()
    seal = opener.seal(clock)
    in_dev: Development | None = None
    if start.directory is not None:
        administering = opener.administration(seal, clock)
        key = development.open_page(administering, development.origins(url) if url else ())
        administering.close()
        in_dev = Development(development.LOOPBACK, key)

    def build(on_fatal: Fatal) -> House:
        return House(
            settings,
            opener,
            seal,
            clock=clock,
            on_fatal=on_fatal,
            role=start.role,
            development=in_dev,
        )

    def ready() -> None:
        if not is_child:
            _tell(start, url)

    return server.run(listening, build, ready, start.supervisor)


def _tell(start: Start, url: str) -> None:
    told = {"listening": url}
    if start.directory is not None:
        told["base_url"] = url
    show(told, f"Hongyan listens on {url}." if url else "Hongyan is at work.")
    sys.stdout.flush()
