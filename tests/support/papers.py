"""Papers as they are handed in: images that are images, by their content."""

import struct
import zlib


def png(width: int = 800, height: int = 600, *, is_whole: bool = True) -> bytes:
    """A PNG with that much in its head; grey, and a few bytes long."""

    def chunk(name: bytes, content: bytes) -> bytes:
        check = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    end = chunk(b"IEND", b"") if is_whole else b""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + end


def jpeg(width: int = 800, height: int = 600, *, is_whole: bool = True) -> bytes:
    """A JPEG with that much in its head, behind what a camera writes there."""
    exif = b"\xff\xe1" + struct.pack(">H", 2 + 100) + b"Exif" + b"\xff\xd9" * 48
    table = b"\xff\xdb" + struct.pack(">H", 2 + 65) + bytes(65)
    frame = b"\xff\xff\xc2" + struct.pack(">HBHHB", 11, 8, height, width, 1) + bytes(3)
    end = b"\xff\xd9" if is_whole else b""
    return b"\xff\xd8" + exif + table + frame + b"\xff\xda" + bytes(200) + end
