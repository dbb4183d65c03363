"""Records: what readers see of a message, made from the rows of any store."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
import structlog

from hongyan.core import ledger, text
from hongyan.core.identifier import MessageId, written
from hongyan.core.ledger import Package
from hongyan.core.message import Kind, Status
from hongyan.service.directory import Directory
from hongyan.service.ports import Attempt, MessageRecord, Owed
from hongyan.service.recording import TextRecord
from hongyan.store.rows import Row, content_opened
from hongyan.store.seal import Seal

_log: Final = structlog.get_logger()


def told(one: Owed, row: Iterable[Any] | None, seal: Seal, directory: Directory) -> Owed:
    """A report with what is to be told, from the query `owed_message`, or why that cannot be read: one
    bad row is no other's.
    """
    if row is None:
        return msgspec.structs.replace(one, failure="The message is gone.")
    *columns, _ = row
    try:
        record, reference = record_of(columns, (), seal, directory)
    except Exception as error:  # noqa: BLE001 - whatever the row holds
        failure = f"The message cannot be read: {type(error).__name__}."
        return msgspec.structs.replace(one, failure=failure)
    return msgspec.structs.replace(one, record=record, reference=reference)


def record_of(
    columns: Iterable[Any],
    attempts: Iterable[Any],
    seal: Seal,
    directory: Directory,
) -> tuple[MessageRecord, str]:
    """The record, and the app's own id for the message."""
    identifier, kind, template, sealed, masked, units, status, *times = columns
    accepted_at, expires_at, settled_at, receipt_code = times
    content = content_opened(identifier, sealed, seal)
    record = MessageRecord(
        id=MessageId(identifier),
        kind=Kind(kind),
        phone=content.phone,
        text=_shown(template, content.text, bool(masked), directory),
        units=units,
        status=seen(Status(status)),
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


def text_of(columns: Iterable[Any], seal: Seal, directory: Directory) -> TextRecord:
    """The same, from the same columns, as lists of texts show it. Raises SealBroken."""
    record, reference = record_of(columns, (), seal, directory)
    return TextRecord(
        id=record.id,
        kind=record.kind,
        phone=record.phone,
        text=record.text,
        units=record.units,
        status=record.status,
        accepted_at=record.accepted_at,
        settled_at=record.settled_at,
        receipt_code=record.receipt_code,
        reference=reference,
    )


def texts_of(rows: Iterable[Iterable[Any]], seal: Seal, directory: Directory) -> list[TextRecord]:
    """A list of them. One that cannot be read is left out, for it is no other's fault."""
    found = []
    for row in rows:
        identifier, *_ = columns = tuple(row)
        try:
            found.append(text_of(columns, seal, directory))
        except Exception as error:  # noqa: BLE001 - whatever the row holds
            reason = type(error).__name__
            _log.error("text.unreadable", message=written(identifier), reason=reason)
    return found


def seen(status: Status) -> Status:
    """As it is from outside: whose hands it waits in is nobody's business, and on SQLite not written."""
    return Status.QUEUED if status is Status.CLAIMED else status


def _shown(template: int, kept: str, masked: bool, directory: Directory) -> str:  # noqa: FBT001
    """The masked text: from the template where there is one, else digit by digit. A template that is
    sent under a signature chosen each time is shown under the one that its text had.
    """
    one = directory.template_ids.get(template)
    if one is not None:
        signature = one.signature or text.signature_of(kept)[0]
        front = f"【{signature}】" if signature else ""
        return front + one.body.masked()
    return kept if masked else text.masked(kept)


def packages_of(rows: Iterable[Row]) -> list[Package]:
    """Of an account; each row tells its balance too."""
    found = list(rows)
    return ledger.packages([row[:-1] for row in found], found[0][-1] if found else 0)
