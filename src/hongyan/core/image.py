"""Images: PNG and JPEG known by their content, never by a name. Nothing is unpacked here."""

from enum import StrEnum, auto
from typing import Final

import msgspec

MOST_BYTES: Final = 5 * 1024 * 1024

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_HEAD: Final = b"\x00\x00\x00\rIHDR"
_PNG_END: Final = b"IEND\xaeB`\x82"
_JPEG: Final = b"\xff\xd8\xff"
_JPEG_END: Final = b"\xff\xd9"
_JPEG_TAIL: Final = 64
"""Bytes in which the end is looked for: some cameras write a few more behind it."""
_MOST_SEGMENTS: Final = 512
_MARK: Final = 0xFF
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers that nothing follows."""


class Format(StrEnum):
    PNG = auto()
    JPEG = auto()


class Image(msgspec.Struct, frozen=True):
    """What the head of an image tells, and whether its end is there."""

    format: Format
    width: int
    height: int
    is_whole: bool


def read(content: bytes) -> Image | None:
    """None for what is neither PNG nor JPEG."""
    if content.startswith(_PNG):
        return _png(content)
    return _jpeg(content) if content.startswith(_JPEG) else None


def _png(content: bytes) -> Image | None:
    width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    if not content.startswith(_PNG_HEAD, len(_PNG)) or not (width and height):
        return None
    return Image(Format.PNG, width, height, content.endswith(_PNG_END))


def _jpeg(content: bytes) -> Image | None:
    """The frame's size stands in its own segment, behind others of any length."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        segment = content[at : at + 9]
        if segment[:1] != b"\xff" or not segment[1:]:
            return None
        if segment[1] == _MARK:  # Markers may be filled up.
            at += 1
        elif segment[1] in _BARE:
            at += 2
        elif segment[1] in _FRAMES:
            height, width = int.from_bytes(segment[5:7]), int.from_bytes(segment[7:9])
            is_whole = _JPEG_END in content[-_JPEG_TAIL:]
            return Image(Format.JPEG, width, height, is_whole) if width and height else None
        else:
            at += 2 + int.from_bytes(segment[2:4])
    return None
