"""Handing on SQLite: see `service.handing`."""

from collections.abc import Collection, Mapping

import apsw
import msgspec

from hongyan.core.identifier import MessageId
from hongyan.service.handing import Handed
from hongyan.store.queries.sqlite import SQL
from hongyan.store.rows import Row, handed_of
from hongyan.store.seal import Seal


def handed(
    connection: apsw.Connection, seal: Seal, provider: str, message: MessageId
) -> Handed | None:
    row: Row | None = connection.execute(SQL["handed"], (provider, message)).fetchone()
    return handed_of(message, row, seal) if row else None


def known_as(
    connection: apsw.Connection, provider: str, upstream_ids: Collection[str]
) -> Mapping[str, MessageId]:
    wanted = msgspec.json.encode(list(upstream_ids)).decode()
    return dict(connection.execute(SQL["known_as"], (provider, wanted)))
