"""What a file says of its house's move into another store: a house that has left, or is leaving, is
not served from here.
"""

from pathlib import Path
from typing import Final

import apsw
import msgspec

from hongyan.core.time import Millis
from hongyan.store.opening import StoreUnusable
from hongyan.store.sqlite import schema

_KEY: Final = "departure"


class Departure(msgspec.Struct, frozen=True):
    """A move. Its note in the file is read by whatever opens it."""

    id: str
    """Of this move; what it leaves half done elsewhere bears it too."""
    to: str
    """Where to, for people."""
    began_at: Millis
    is_over: bool = False


def read(connection: apsw.Connection) -> Departure | None:
    """None for a house that stays."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_KEY,)).fetchone()
    return msgspec.json.decode(row[0], type=Departure) if row else None


def write(connection: apsw.Connection, departure: Departure) -> None:
    connection.execute(
        "INSERT INTO meta (key, value) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (_KEY, msgspec.json.encode(departure)),
    ).fetchall()


def forget(connection: apsw.Connection) -> None:
    connection.execute("DELETE FROM meta WHERE key = ?", (_KEY,)).fetchall()


def has_left(directory: Path) -> bool:
    """Whether the house of a data directory is somewhere else for good, or never was there."""
    if not (directory / schema.DATABASE).exists():
        return True
    try:
        connection = schema.connect(directory, read_only=True)
        departure = read(connection)
        connection.close()
    except apsw.Error:
        return False
    return departure is not None and departure.is_over


def require_here(connection: apsw.Connection) -> None:
    """Raises StoreUnusable for a house that has left, or is about to."""
    departure = read(connection)
    if departure is None:
        return
    if departure.is_over:
        sentence = f"This house has moved to {departure.to}. Serve it there: name that database in"
        raise StoreUnusable(
            sentence
            + " [store] database, or with --database. ('hongyan move --back' opens this old"
            " state of it here again.)"
        )
    sentence = (
        f"This house is being moved to {departure.to}. Run 'hongyan move' once more to finish"
    )
    raise StoreUnusable(sentence + " that, or 'hongyan move --back' to stay here.")
