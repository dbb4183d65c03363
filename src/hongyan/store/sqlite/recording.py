"""Records on SQLite: what readers see, from connections of their own."""

from collections.abc import Sequence

import apsw
import msgspec

from hongyan.core import text
from hongyan.core.identifier import MessageId, VerificationId
from hongyan.core.mark import Mark
from hongyan.core.message import Kind, Status
from hongyan.core.verification import Verification
from hongyan.service.directory import Directory
from hongyan.service.ports import Attempt, MessageRecord, Owed
from hongyan.store.queries.sqlite import SQL
from hongyan.store.rows import Row, content_opened, verification_of
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
    finally:
        connection.execute("COMMIT")
    if row is None:
        return None
    record, _ = _record(row, attempts, seal, directory)
    return msgspec.structs.replace(
        record, warning=warning[0] if warning else "", report_failure=failure[0] if failure else ""
    )


def past(connection: apsw.Connection, reference: Mark, before: MessageId) -> MessageId | None:
    """The newest message before the recent window that bears this reference: of those that are still
    to be filed (a second's, or what a long sleep has left behind), then of those that are.
    """
    rows: list[Row] = connection.execute(SQL["unfiled_reference"], (before, reference)).fetchall()
    if rows:
        return MessageId(rows[0][0])
    for (day,) in connection.execute(SQL["reference_days"]).fetchall():
        rows = connection.execute(SQL["filed_reference"], (day, reference)).fetchall()
        if rows[0][0] is not None:
            return MessageId(rows[0][0])
    return None


def owed(
    connection: apsw.Connection,
    seal: Seal,
    directory: Directory,
    due: Sequence[Owed],
) -> list[Owed]:
    """The same with what is to be told, or why that cannot be read: one bad row is no other's."""
    return [_owed(connection, seal, directory, one) for one in due]


def _owed(connection: apsw.Connection, seal: Seal, directory: Directory, one: Owed) -> Owed:
    row: Row | None = connection.execute(SQL["owed_message"], (one.message,)).fetchone()
    if row is None:
        return msgspec.structs.replace(one, failure="The message is gone.")
    try:
        record, reference = _record(row[:-1], [], seal, directory)
    except Exception as error:  # noqa: BLE001 - whatever the row holds
        failure = f"The message cannot be read: {type(error).__name__}."
        return msgspec.structs.replace(one, failure=failure)
    return msgspec.structs.replace(one, record=record, reference=reference)


def _record(
    row: Row,
    attempts: list[Row],
    seal: Seal,
    directory: Directory,
) -> tuple[MessageRecord, str]:
    """The record, and the app's own id for the message."""
    identifier, kind, template, sealed, masked, units, status, *times = row
    accepted_at, expires_at, settled_at, receipt_code = times
    content = content_opened(identifier, sealed, seal)
    record = MessageRecord(
        id=MessageId(identifier),
        kind=Kind(kind),
        phone=content.phone,
        text=_shown(template, content.text, bool(masked), directory),
        units=units,
        status=Status(status),
        accepted_at=accepted_at,
        expires_at=expires_at,
        settled_at=settled_at,
        attempts=tuple(
            [
                Attempt(
                    number=one[0],
                    provider=one[1],
                    started_at=one[2],
                    ended_at=one[3],
                    outcome=one[4],
                    code=one[5],
                    reason=one[6],
                )
                for one in attempts
            ]
        ),
        receipt_code=receipt_code,
    )
    return record, content.reference


def _shown(template: int, kept: str, masked: bool, directory: Directory) -> str:  # noqa: FBT001
    """The masked text: from the template where there is one, else digit by digit."""
    one = directory.template_ids.get(template)
    if one is not None:
        return f"【{one.signature}】{one.body.masked()}"
    return kept if masked else text.masked(kept)
