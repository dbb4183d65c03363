"""Pushes: receipts and replies on their way to an app's URL, from both sides; and SerialNo.

https://cloud.tencent.com/document/product/382/59178 and 5809: up to 100 receipts in an array, one
reply as an object; the app answers `{"result":0,"errmsg":"OK"}`. Nothing signs them there.
"""

import re
from collections.abc import Sequence
from typing import Final

import msgspec

from hongyan.core.identifier import MessageId

MOST_A_PUSH: Final = 100
TRIES: Final = 3

SUCCESS: Final = "SUCCESS"
FAIL: Final = "FAIL"

_CHANNEL: Final = "2019"
_SERIAL: Final = re.compile(rf"{_CHANNEL}:(\d{{19}})", re.ASCII)
_HIGHEST: Final = (1 << 63) - 1
"""Of an id; 19 digits can write more."""
_encode: Final = msgspec.json.Encoder().encode


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What the network says of one text."""

    user_receive_time: str = ""
    """In Beijing; empty or of the report where it did not arrive."""
    nationcode: str = ""
    mobile: str
    report_status: str
    errmsg: str = ""
    """The carrier's code, such as DELIVRD."""
    description: str = ""
    sid: str
    ext: str = ""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A text that came back (MO)."""

    extend: str = ""
    mobile: str
    nationcode: str = ""
    sign: str = ""
    text: str
    time: int


class _Taken(msgspec.Struct):
    result: int


class Unreadable(Exception):
    """What was pushed is neither receipts nor a reply."""


_decode_receipts: Final = msgspec.json.Decoder(list[Receipt]).decode
_decode_reply: Final = msgspec.json.Decoder(Reply).decode
_decode_taken: Final = msgspec.json.Decoder(_Taken).decode

TAKEN: Final = b'{"result":0,"errmsg":"OK"}'
"""What a receiver answers."""


def written_receipts(receipts: Sequence[Receipt]) -> bytes:
    """The body of one push; at most MOST_A_PUSH."""
    return _encode(receipts)


def written_reply(reply: Reply) -> bytes:
    """The body of one push."""
    return _encode(reply)


def read_push(body: bytes) -> list[Receipt] | Reply:
    """What the platform pushed. Raises Unreadable."""
    try:
        return _decode_receipts(body) if body.lstrip()[:1] == b"[" else _decode_reply(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable("This is no push of Tencent's.") from error


def is_taken(body: bytes) -> bool:
    """Whether a receiver's answer says that it has it; else it is pushed again."""
    try:
        return _decode_taken(body).result == 0
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def serial_no(message: MessageId) -> str:
    """SerialNo in a form that the platform has had: a channel and 19 digits."""
    return f"{_CHANNEL}:{message:019d}"


def message_of(serial: str) -> MessageId | None:
    """The message of a SerialNo of ours."""
    found = _SERIAL.fullmatch(serial)
    message = int(found[1]) if found else _HIGHEST + 1
    return MessageId(message) if message <= _HIGHEST else None
