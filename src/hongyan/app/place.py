"""The place of a house: its data directory and, where it has one, its database on PostgreSQL.

A directory that `dev --database` made remembers its database, so that whatever is called with
`--data` finds it; every other house has it in its configuration. Passwords are kept apart and never
written where they could be shown.
"""

import os
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

import msgspec

from hongyan.settings import SettingsError, database_parts
from hongyan.store.opening import StoreSettings

URL_FILE: Final = "hongyan.url"
PASSWORD_FILE: Final = "hongyan.password"  # noqa: S105 - a file's name


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a house keeps what it keeps. Its repr tells nothing of a password."""

    directory: Path
    """Of the key file, and of the database where that is SQLite."""
    database: str = ""
    """postgresql://…, without a password; empty: SQLite."""
    password: str = ""
    wait_s: int = StoreSettings().wait_s

    def __repr__(self) -> str:
        return f"Place({str(self.directory)!r}, {self.told!r})"

    @property
    def told(self) -> str:
        """For people: where the database is."""
        if not self.database:
            return str(self.directory)
        parts = urlsplit(self.database)
        user, _, host = parts.netloc.rpartition("@")
        name = parts.path.lstrip("/") or user or "the default database"
        return f"{unquote(name)} at {host or 'the local socket'}"


def place_of(directory: Path, settings: StoreSettings, base: Path) -> Place:
    """What the configuration says; else what the directory remembers. `base`: where the paths of the
    configuration begin. Raises SettingsError.
    """
    written = settings.database or _read(directory / URL_FILE)
    if not written:
        return Place(directory=directory)
    try:
        parts = database_parts(written)
    except ValueError as error:
        raise SettingsError(f"[store] database: {error}.") from error
    database, password = _apart(written, parts)
    if file := settings.database_password_file:
        password = _required(base / file)
    elif not password and (not settings.database or database == _read(directory / URL_FILE)):
        password = _read(directory / PASSWORD_FILE)
    return Place(directory=directory, database=database, password=password, wait_s=settings.wait_s)


def remember(place: Place) -> None:
    """Write down in the directory which database it belongs to, for its owner alone."""
    write_privately(place.directory / URL_FILE, place.database)
    if place.password:
        write_privately(place.directory / PASSWORD_FILE, place.password)


def write_privately(path: Path, text: str) -> None:
    """In one step, for its owner alone."""
    beside = path.with_suffix(".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    beside.replace(path)


def _apart(written: str, parts: SplitResult) -> tuple[str, str]:
    """(address without password, password)"""
    if not parts.password:
        return written, ""
    netloc = f"{parts.username}@{parts.netloc.rpartition('@')[2]}"
    return urlunsplit(parts._replace(netloc=netloc)), unquote(parts.password)


def _read(path: Path) -> str:
    """Empty where there is no such file."""
    return path.read_text("utf-8").strip() if path.exists() else ""


def _required(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        sentence = f"[store] database_password_file: {path} cannot be read: {reason}."
        raise SettingsError(sentence) from error
