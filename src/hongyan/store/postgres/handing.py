"""Handing on PostgreSQL: see `service.handing`."""

from collections.abc import Collection, Mapping

from hongyan.core.identifier import MessageId
from hongyan.service.handing import Handed
from hongyan.store.postgres.connections import Connection
from hongyan.store.queries.postgres import SQL
from hongyan.store.rows import handed_of
from hongyan.store.seal import Seal


async def handed(
    connection: Connection, seal: Seal, provider: str, message: MessageId
) -> Handed | None:
    row = await connection.fetchrow(SQL["handed"], provider, message)
    return handed_of(message, row, seal) if row else None


async def known_as(
    connection: Connection, provider: str, upstream_ids: Collection[str]
) -> Mapping[str, MessageId]:
    rows = await connection.fetch(SQL["known_as"], provider, list(upstream_ids))
    return {upstream_id: MessageId(message) for upstream_id, message in rows}
