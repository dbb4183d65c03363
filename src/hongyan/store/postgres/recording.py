"""Records on PostgreSQL: what readers see, a statement each, so that it is of one moment."""

from collections.abc import Sequence
from typing import Final

import msgspec

from hongyan.core.identifier import MessageId, VerificationId
from hongyan.core.ledger import Package
from hongyan.core.mark import Mark
from hongyan.core.verification import Verification
from hongyan.service.directory import Directory
from hongyan.service.ports import MessageRecord, Owed
from hongyan.store.postgres.connections import Connection
from hongyan.store.queries.postgres import SQL
from hongyan.store.records import packages_of, record_of, told
from hongyan.store.rows import verification_of
from hongyan.store.seal import Seal

_RECORD_COLUMNS: Final = 11
_MESSAGE_COLUMNS: Final = 16
"""Of the query `message`: the record's, then warning, failure, clicks, the first of them, conversion,
then those of an attempt.
"""


async def verification(
    connection: Connection, seal: Seal, wanted: VerificationId
) -> Verification | None:
    row = await connection.fetchrow(SQL["verifications"], [wanted])
    return verification_of(row, seal) if row else None


async def current(connection: Connection, mark: Mark) -> VerificationId | None:
    found = await connection.fetchval(SQL["current"], mark)
    return VerificationId(found) if found else None


async def message(
    connection: Connection, seal: Seal, directory: Directory, app: int, wanted: MessageId
) -> MessageRecord | None:
    """One message of an app."""
    rows = [tuple(row) for row in await connection.fetch(SQL["message"], wanted, app)]
    if not rows:
        return None
    attempts = [row[_MESSAGE_COLUMNS:] for row in rows if row[_MESSAGE_COLUMNS] is not None]
    record, _ = record_of(rows[0][:_RECORD_COLUMNS], attempts, seal, directory)
    warning, failure, clicks, clicked_at, converted_at = rows[0][_RECORD_COLUMNS:_MESSAGE_COLUMNS]
    return msgspec.structs.replace(
        record,
        warning=warning,
        report_failure=failure,
        clicks=clicks,
        clicked_at=clicked_at,
        converted_at=converted_at,
    )


async def packages(connection: Connection, account: int) -> list[Package]:
    return packages_of(map(tuple, await connection.fetch(SQL["packages"], account)))


async def find(connection: Connection, reference: Mark) -> MessageId | None:
    """The newest message that bears it: the recent window has the newest, if it has one at all."""
    found = await connection.fetchval(SQL["reference"], reference)
    if found is None:
        found = await connection.fetchval(SQL["filed_reference"], reference)
    return None if found is None else MessageId(found)


async def owed(
    connection: Connection, seal: Seal, directory: Directory, due: Sequence[Owed]
) -> list[Owed]:
    """The same with what is to be told, or why that cannot be read."""
    rows = await connection.fetch(SQL["owed_messages"], [one.message for one in due])
    found = {row[0]: row for row in rows}
    return [told(one, found.get(one.message), seal, directory) for one in due]
