"""Records on SQLite: what readers see, from connections of their own."""

import apsw

from hongyan.core import text
from hongyan.core.identifier import MessageId, VerificationId
from hongyan.core.message import Kind, Status
from hongyan.core.verification import Verification
from hongyan.service.directory import Directory
from hongyan.service.ports import Attempt, MessageRecord
from hongyan.store.queries import SQL
from hongyan.store.seal import Seal
from hongyan.store.sqlite.rows import content_opened, verification_of
from hongyan.store.sqlite.writer import Row


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
    finally:
        connection.execute("COMMIT")
    return _record(row, attempts, seal, directory) if row else None


def _record(
    row: Row,
    attempts: list[Row],
    seal: Seal,
    directory: Directory,
) -> MessageRecord:
    identifier, kind, template, sealed, masked, units, status, *times = row
    accepted_at, expires_at, settled_at, receipt_code = times
    phone, kept = content_opened(identifier, sealed, seal)
    return MessageRecord(
        id=MessageId(identifier),
        kind=Kind(kind),
        phone=phone,
        text=_shown(template, kept, bool(masked), directory),
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


def _shown(template: int, kept: str, masked: bool, directory: Directory) -> str:  # noqa: FBT001
    """The masked text: from the template where there is one, else digit by digit."""
    one = directory.template_ids.get(template)
    if one is not None:
        return f"【{one.signature}】{one.body.masked()}"
    return kept if masked else text.masked(kept)
