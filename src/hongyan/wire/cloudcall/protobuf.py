"""Protocol Buffers, as much as six small messages need: varints and what has a length.

https://protobuf.dev/programming-guides/encoding/. Whatever the bytes, what reads gives a value or
raises BadProtobuf. Fields that are not asked for are skipped; groups are refused.
"""

from typing import Final, TypeVar

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_WIDTHS: Final = {_FIXED64: 8, _FIXED32: 4}
_LONGEST_VARINT: Final = 10
_MORE: Final = 0x80
"""The bit of an octet that says that more follow."""
_UINT64: Final = (1 << 64) - 1
_UINT32: Final = (1 << 32) - 1
_INT32_SIGN: Final = 1 << 31
_HIGHEST_FIELD: Final = (1 << 29) - 1
_MOST_FIELDS: Final = 10_000
_Value = TypeVar("_Value", int, bytes)


class BadProtobuf(Exception):
    """What is no such message; the sentence says why."""


class Fields:
    """The fields of one message, by number. Raises BadProtobuf, when made and when asked."""

    def __init__(self, data: bytes) -> None:
        self._found: dict[int, list[int | bytes | None]] = {}
        """None stands for a value of a type that no message here has."""
        at = 0
        for _ in range(_MOST_FIELDS):
            if at == len(data):
                return
            at = self._read_field(data, at)
        raise BadProtobuf(f"A message has over {_MOST_FIELDS} fields.")

    def whole(self, field: int) -> int:
        """An int32; 0 where there is none. As everywhere, the last of several counts."""
        low = self.natural(field)
        return low - (1 << 32) if low & _INT32_SIGN else low

    def natural(self, field: int) -> int:
        """A uint32; 0 where there is none."""
        values = self._of_type(field, int)
        return values[-1] & _UINT32 if values else 0

    def octets(self, field: int) -> bytes:
        """Bytes; empty where there are none."""
        values = self._of_type(field, bytes)
        return values[-1] if values else b""

    def text(self, field: int) -> str:
        """A string; empty where there is none."""
        try:
            return self.octets(field).decode()
        except UnicodeDecodeError as error:
            raise BadProtobuf(f"Field {field} is not UTF-8.") from error

    def message(self, field: int) -> "Fields | None":
        """A message that is not repeated: several are one, as their octets in a row are."""
        values = self._of_type(field, bytes)
        return Fields(b"".join(values)) if values else None

    def messages(self, field: int, most: int) -> "list[Fields]":
        """The messages of a repeated field, so many at most."""
        values = self._of_type(field, bytes)
        if len(values) > most:
            raise BadProtobuf(f"Field {field} comes over {most} times.")
        return [Fields(value) for value in values]

    def _of_type(self, field: int, wanted: type[_Value]) -> list[_Value]:
        values = self._found.get(field)
        if not values:
            return []
        right = [value for value in values if isinstance(value, wanted)]
        if len(right) < len(values):
            raise BadProtobuf(f"Field {field} has the wrong wire type.")
        return right

    def _read_field(self, data: bytes, at: int) -> int:
        key, at = _varint(data, at)
        field, wire_type = key >> 3, key & 7
        if not 0 < field <= _HIGHEST_FIELD:
            raise BadProtobuf(f"There is no field {field}.")
        value: int | bytes | None = None
        if wire_type == _VARINT:
            value, end = _varint(data, at)
        elif wire_type == _LENGTH:
            length, at = _varint(data, at)
            end = at + length
            value = data[at:end]
        elif wire_type in _WIDTHS:
            end = at + _WIDTHS[wire_type]
        else:
            raise BadProtobuf(f"Field {field} has the wire type {wire_type}.")
        if end > len(data):
            raise BadProtobuf(f"Field {field} is cut off.")
        self._found.setdefault(field, []).append(value)
        return end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """(value, where it ends)."""
    if at < len(data) and data[at] < _MORE:  # Nearly all are this small.
        return data[at], at + 1
    value = 0
    for position, octet in enumerate(data[at : at + _LONGEST_VARINT]):
        value |= (octet & 0x7F) << 7 * position
        if octet < _MORE:
            if value > _UINT64:
                break
            return value, at + position + 1
    raise BadProtobuf("A number is cut off or has over 64 bits.")


def number(field: int, value: int) -> bytes:
    """A field of type int32 or uint32; negative ones take ten octets."""
    return _written(field << 3 | _VARINT) + _written(value & _UINT64)


def octets(field: int, value: bytes) -> bytes:
    """A field of type bytes or of a message."""
    return _written(field << 3 | _LENGTH) + _written(len(value)) + value


def text(field: int, value: str) -> bytes:
    """A field of type string."""
    return octets(field, value.encode())


def _written(value: int) -> bytes:
    found = bytearray()
    while value >= _MORE:
        found.append(value & 0x7F | _MORE)
        value >>= 7
    found.append(value)
    return bytes(found)
