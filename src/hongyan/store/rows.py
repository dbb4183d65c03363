"""Rows ⇄ values: what goes into a row sealed comes out of it in the clear."""

from collections.abc import Iterable
from typing import Any, Final, TypeAlias

import msgspec

from hongyan.core import text
from hongyan.core.command import Kept, Link
from hongyan.core.identifier import MessageId, VerificationId
from hongyan.core.mark import Mark
from hongyan.core.message import Kind, Message
from hongyan.core.time import DAY, Millis
from hongyan.core.verification import Caller, State, Verification
from hongyan.service.handing import Handed
from hongyan.service.ports import Settlement
from hongyan.store.seal import Seal, SealBroken

Row: TypeAlias = tuple[Any, ...]

MESSAGE: Final = b"message.sealed"
MEMBER_PHONE: Final = b"member.phone"
LINK: Final = b"link.sealed"

_MESSAGE_COLUMN: Final = 11
"""Of the table of verifications."""

_encode: Final = msgspec.msgpack.Encoder().encode


def row_key(row: int) -> bytes:
    """An integer primary key as what a sealed value is bound to."""
    return row.to_bytes(8)


class Content(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is sealed of a message, as one. Rows of before hold the first two only."""

    phone: str
    text: str
    reference: str = ""
    params: tuple[str, ...] = ()


_decode: Final = msgspec.msgpack.Decoder(Content).decode
_decode_page: Final = msgspec.msgpack.Decoder(tuple[str, str]).decode


def content_closed(message: MessageId, content: Content, seal: Seal) -> bytes:
    return seal.close(MESSAGE, message.to_bytes(8), _encode(content))


def content_opened(message: int, sealed: bytes, seal: Seal) -> Content:
    """Raises SealBroken."""
    return _decode(seal.open(MESSAGE, message.to_bytes(8), sealed))


def message_row(message: Message, now: Millis, seal: Seal) -> Row:
    return (
        message.id,
        message.account,
        message.app,
        message.kind,
        message.template,
        message.phone_mark,
        content_closed(
            message.id,
            Content(message.phone, message.text, message.reference, message.params),
            seal,
        ),
        message.units,
        now,
        message.expires_at,
        message.verification,
    )


def message_of(columns: Iterable[Any], seal: Seal) -> Message:
    """From the columns of the query `bodies`."""
    identifier, kind, expires_at, account, app, template, mark, sealed, units, owner = columns
    content = content_opened(identifier, sealed, seal)
    return Message(
        id=MessageId(identifier),
        account=account,
        app=app,
        kind=Kind(kind),
        template=template,
        phone_mark=Mark(mark),
        phone=content.phone,
        text=content.text,
        units=units,
        expires_at=expires_at,
        verification=VerificationId(owner) if owner else None,
        params=content.params,
        reference=content.reference,
    )


def _wiped(template: int, clear: str) -> str:
    """What stays of a text: of a template what its body cannot show, the signature in front of it."""
    if not template:
        return text.masked(clear)
    signature, _ = text.signature_of(clear)
    return f"【{signature}】" if signature else ""


def wiped_of(message: Message, seal: Seal) -> bytes | None:
    """What a settled verification text becomes; None for a text that stays."""
    if message.kind is not Kind.VERIFICATION:
        return None
    kept = _wiped(message.template, message.text)
    return content_closed(message.id, Content(message.phone, kept, message.reference), seal)


def wiped_row(message: MessageId, template: int, sealed: bytes, seal: Seal) -> bytes | None:
    """The same, of a row; None for one that does not open, for nobody can read it anyway."""
    try:
        content = content_opened(message, sealed, seal)
    except SealBroken:
        return None
    kept = _wiped(template, content.text)
    return content_closed(message, Content(content.phone, kept, content.reference), seal)


def kept_at(kept: Kept, now: Millis) -> Millis:
    """When it was kept, as its row says: rows are forgotten after a day, so one that lasts for less is
    written as older than it is.
    """
    return now - DAY + kept.lasts


def link_row(link: Link, seal: Seal) -> Row:
    page = _encode((link.environment, link.page))
    return (link.id, link.message, seal.close(LINK, row_key(link.id), page), link.until)


def link_of(columns: Iterable[Any], seal: Seal) -> Link:
    """From id, message, sealed, until. Raises SealBroken."""
    identifier, message, sealed, until = columns
    environment, page = _decode_page(seal.open(LINK, row_key(identifier), sealed))
    return Link(identifier, MessageId(message), environment, page, until)


def handed_of(message: MessageId, columns: Iterable[Any], seal: Seal) -> Handed:
    """From the columns of the query `handed`."""
    sealed, upstream_id, at = columns
    content = content_opened(message, sealed, seal)
    return Handed(message, content.phone, content.text, upstream_id, at)


def attempt_row(one: Settlement) -> Row:
    return (
        one.message.id,
        one.number,
        one.provider,
        one.started_at,
        one.ended_at,
        one.outcome,
        one.upstream_id,
        one.code,
        one.reason,
    )


def verification_row(one: Verification) -> Row:
    return (
        one.id,
        one.app,
        one.purpose,
        one.phone_mark,
        one.caller.openid,
        one.caller.device,
        one.caller.ip,
        one.created_at,
        *_changing(one),
    )


def verification_change(one: Verification) -> Row:
    """The values of the query `change_verification`."""
    return (*_changing(one), one.id, one.used_at)


def verification_of(columns: Iterable[Any], seal: Seal) -> Verification:
    """From the columns of the query `verification`: the phone stands sealed in its last text."""
    *own, sealed = columns
    message = own[_MESSAGE_COLUMN]
    return verification_with(content_opened(message, sealed, seal).phone, own)


def verification_with(phone: str, columns: Iterable[Any]) -> Verification:
    """From the table's own columns."""
    (
        identifier,
        app,
        purpose,
        phone_mark,
        openid,
        device,
        ip,
        created_at,
        stepped_up,
        sends,
        sent_at,
        message,
        code,
        previous,
        previous_sent_at,
        previous_message,
        attempts,
        state,
        used_at,
        proof,
        proof_used_at,
    ) = columns
    return Verification(
        id=VerificationId(identifier),
        app=app,
        purpose=purpose,
        phone=phone,
        phone_mark=Mark(phone_mark),
        caller=Caller(Mark(openid), Mark(device), Mark(ip)),
        created_at=created_at,
        stepped_up=bool(stepped_up),
        sends=sends,
        sent_at=sent_at,
        message=MessageId(message),
        code=code,
        previous=previous,
        previous_sent_at=previous_sent_at,
        previous_message=previous_message,
        attempts=attempts,
        state=State(state),
        used_at=used_at,
        proof=proof,
        proof_used_at=proof_used_at,
    )


def _changing(one: Verification) -> Row:
    return (
        one.stepped_up,
        one.sends,
        one.sent_at,
        one.message,
        one.code,
        one.previous,
        one.previous_sent_at,
        one.previous_message,
        one.attempts,
        one.state,
        one.used_at,
        one.proof,
        one.proof_used_at,
    )
