"""Records on SQLite: what readers see, from connections of their own."""

from collections.abc import Iterable, Sequence

import apsw
import msgspec

from hongyan.core.identifier import MessageId, VerificationId
from hongyan.core.ledger import Package
from hongyan.core.mark import Mark
from hongyan.core.verification import Verification
from hongyan.service.directory import Directory
from hongyan.service.ports import MessageRecord, Owed
from hongyan.store.queries.sqlite import SQL
from hongyan.store.records import packages_of, record_of, told
from hongyan.store.rows import Row, verification_of
from hongyan.store.seal import Seal


def verification(
    connection: apsw.Connection, seal: Seal, wanted: VerificationId
) -> Verification | None:
    row = connection.execute(SQL["verification"], (wanted,)).fetchone()
    return verification_of(row, seal) if row else None


def message(
    connection: apsw.Connection, seal: Seal, directory: Directory, app: int, wanted: MessageId
) -> MessageRecord | None:
    """One message of an app, from one moment of the store."""
    connection.execute("BEGIN")
    try:
        row: Row | None = connection.execute(SQL["message"], (wanted, app)).fetchone()
        attempts = connection.execute(SQL["attempts"], (wanted,)).fetchall()
        warning = connection.execute(SQL["warning"], (wanted,)).fetchone()
        failure = connection.execute(SQL["report_failure"], (wanted,)).fetchone()
        clicks = connection.execute(SQL["clicks"], (wanted,)).fetchall()[0]
        converted = connection.execute(SQL["converted"], (wanted,)).fetchone()
    finally:
        connection.execute("COMMIT")
    if row is None:
        return None
    record, _ = record_of(row, attempts, seal, directory)
    return msgspec.structs.replace(
        record,
        warning=warning[0] if warning else "",
        report_failure=failure[0] if failure else "",
        clicks=clicks[0] or 0,
        clicked_at=clicks[1] or 0,
        converted_at=converted[0] if converted else 0,
    )


def packages(connection: apsw.Connection, account: int) -> list[Package]:
    return packages_of(connection.execute(SQL["packages"], (account,)))


def past(
    connection: apsw.Connection, reference: Mark, before: MessageId, days: Iterable[int]
) -> MessageId | None:
    """The newest message before the recent window that bears this reference: of those that are still
    to be filed (a second's, or what a long sleep has left behind), then of those that are.
    """
    rows: list[Row] = connection.execute(SQL["unfiled_reference"], (before, reference)).fetchall()
    return MessageId(rows[0][0]) if rows else filed(connection, reference, days)


def filed(connection: apsw.Connection, reference: Mark, days: Iterable[int]) -> MessageId | None:
    """The newest that bears it of those that are filed; `days`: newest first."""
    for day in days:
        [(found,)] = connection.execute(SQL["filed_reference"], (day, reference))
        if found is not None:
            return MessageId(found)
    return None


def owed(
    connection: apsw.Connection,
    seal: Seal,
    directory: Directory,
    due: Sequence[Owed],
) -> list[Owed]:
    """The same with what is to be told, or why that cannot be read: one bad row is no other's."""
    found = [connection.execute(SQL["owed_message"], (one.message,)).fetchone() for one in due]
    return [told(one, row, seal, directory) for one, row in zip(due, found, strict=True)]
