"""Which house is meant: the one of a configuration, or the one of a data directory."""

import functools
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final, ParamSpec, TypeVar

import rich_click as click

from hongyan.app.place import Place, place_of
from hongyan.cli.show import fail
from hongyan.settings import Settings, SettingsError, from_environment, load
from hongyan.store.opening import StoreUnusable

P = ParamSpec("P")
R = TypeVar("R")

CONFIG: Final = Path("hongyan.toml")
DATA: Final = Path("data")

config_option: Final = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=CONFIG,
    show_default=True,
    help="The configuration; see `hongyan init`.",
)


def place_option(command: Callable[P, R]) -> Callable[..., R]:
    """Give a command the options `--config` and `--data`, and what they come to as `place`."""

    @functools.wraps(command)
    def placed(*args: P.args, **kwargs: P.kwargs) -> R:
        config, directory = kwargs.pop("config"), kwargs.pop("directory")
        try:
            _, kwargs["place"] = found(config, directory)  # type: ignore[arg-type]
        except SettingsError as error:
            fail(str(error))
        return command(*args, **kwargs)

    return house_config(house_data(placed))


def found(config: Path | None, directory: Path | None) -> tuple[Settings, Place]:
    """As told; else ./hongyan.toml where there is one, else ./data. Raises SettingsError."""
    if config := named(config, directory):
        return configured(config)
    settings = from_environment(os.environ)
    return settings, place_of(directory or DATA, settings.store, Path())


def named(config: Path | None, directory: Path | None) -> Path | None:
    """The configuration that is meant, if any is."""
    if config is None and directory is None and CONFIG.exists():
        return CONFIG
    return config


def config_of(config: Path | None, directory: Path | None) -> Path | None:
    """The configuration that is meant, where one is."""
    return CONFIG if config is None and directory is None and CONFIG.exists() else config


def configured(config: Path) -> tuple[Settings, Place]:
    """What a configuration says. Raises SettingsError."""
    settings = load(config, os.environ)
    return settings, place_of(config.parent / settings.data, settings.store, config.parent)


def made_directory(directory: Path) -> None:
    """For its owner alone. Raises StoreUnusable."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        sentence = f"{directory} cannot be made: {error.strerror}. Choose another directory."
        raise StoreUnusable(sentence) from error


def url_of(host: str, bound: socket.socket) -> str:
    port = bound.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


house_config: Final = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="The house's configuration. Without it and --data: ./hongyan.toml, if there is one.",
)
house_data: Final = click.option(
    "--data",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The house's data directory. Without it and a configuration: ./data.",
)
