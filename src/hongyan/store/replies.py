"""Replies ⇄ rows, and results as whoever asks for them gets them: the same in every store."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
import structlog

from hongyan.core import opt_out, text
from hongyan.core.command import Reply
from hongyan.core.identifier import MessageId, written
from hongyan.core.mark import Mark
from hongyan.service.directory import Directory
from hongyan.service.recording import Origin, TextRecord
from hongyan.store.records import text_of
from hongyan.store.rows import Row, content_opened, row_key
from hongyan.store.seal import Seal

REPLY: Final = b"reply.sealed"
_log: Final = structlog.get_logger()


class _Content(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is sealed of a reply, as one."""

    phone: str
    text: str
    signature: str
    extend: str


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Content).decode


def reply_row(reply: Reply, seal: Seal) -> Row:
    content = _Content(reply.phone, reply.text, reply.signature, reply.extend)
    sealed = seal.close(REPLY, row_key(reply.id), _encode(content))
    return (reply.id, reply.account, reply.app, reply.phone_mark, sealed, reply.at)


def reply_of(columns: Iterable[Any], seal: Seal) -> Reply:
    """Of a row again. Raises SealBroken."""
    identifier, account, app, phone_mark, sealed, at = columns
    content = _decode(seal.open(REPLY, row_key(identifier), sealed))
    return Reply(
        id=MessageId(identifier),
        account=account,
        app=app,
        phone=content.phone,
        phone_mark=Mark(phone_mark),
        text=content.text,
        at=at,
        signature=content.signature,
        extend=content.extend,
        opts_out=opt_out.is_opt_out(content.text),
    )


def readable_replies(rows: Sequence[Row], seal: Seal) -> list[Reply]:
    """Those that can be read: one bad row is no other's."""
    found = []
    for row in rows:
        try:
            found.append(reply_of(row, seal))
        except Exception as error:  # noqa: BLE001 - whatever the row holds
            _log.error("reply.unreadable", reply=written(row[0]), reason=type(error).__name__)
    return found


def readable_results(rows: Sequence[Row], seal: Seal, directory: Directory) -> list[TextRecord]:
    """From the query `owed_message`: those that can be read."""
    found = []
    for *columns, _ in rows:
        try:
            found.append(text_of(columns, seal, directory))
        except Exception as error:  # noqa: BLE001 - whatever the row holds
            _log.error(
                "result.unreadable", message=written(columns[0]), reason=type(error).__name__
            )
    return found


def origin_of(columns: Iterable[Any], seal: Seal, directory: Directory) -> Origin:
    """From the query `origin`. Raises SealBroken."""
    identifier, account, app, template, phone_mark, sealed = columns
    one = directory.template_ids.get(template)
    signature = one.signature if one is not None else ""
    return Origin(
        account=account,
        app=app,
        phone_mark=Mark(phone_mark),
        # A verification's text is gone by now, but for what its template can show.
        signature=text.signature_of(content_opened(identifier, sealed, seal).text)[0] or signature,
    )
