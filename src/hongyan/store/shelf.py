"""The handset's shelf: one file beside the key file, texts appended sealed, in `dev` only.

A text is written before the sandbox answers, so a killed process has lost none that it took. Several
processes may write to it: each piece is appended by one write, and begins with a mark by which a
reader finds the next one after a piece that was cut short.
"""

import fcntl
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from hongyan.service.ports import HandsetText
from hongyan.store.seal import Seal, SealBroken

SHELF_FILE: Final = "handset.log"
_PLACE: Final = b"handset.text"
_MARK: Final = b"\x93\xf5\x0b\xee\xc1\x1dHY"
_LENGTH_BYTES: Final = 4
_HEAD_BYTES: Final = len(_MARK) + _LENGTH_BYTES
_TEXT_BYTES: Final = 1_024
"""What a text takes at most, nearly always: so much of the file's end is read for each wanted."""


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(list[HandsetText]).decode


class ShelfFile:
    """See `service.ports.Shelf`."""

    def __init__(self, directory: Path, seal: Seal) -> None:
        self._path = directory / SHELF_FILE
        self._seal = seal
        self._file = self._opened()
        self._seen = 0
        """How far it has been read."""

    def put(self, texts: Sequence[HandsetText]) -> None:
        os.write(self._file, self._piece(texts))

    def load(self, most: int) -> list[HandsetText]:
        """The newest texts, oldest first; older ones are dropped from the file, unless another
        process has it open.
        """
        size = os.fstat(self._file).st_size
        self._seen = max(size - most * _TEXT_BYTES, 0)
        is_long = self._seen > 0
        kept = self.news()
        if is_long or len(kept) > most:
            kept = kept[-most:]
            self._rewrite(kept)
        return kept

    def news(self) -> list[HandsetText]:
        """What has been put there since it was last asked, by whichever process."""
        size = os.fstat(self._file).st_size
        if size <= self._seen:
            return []
        texts, read = self._read(os.pread(self._file, size - self._seen, self._seen))
        self._seen += read
        return texts

    def close(self) -> None:
        os.close(self._file)

    def _opened(self) -> int:
        """The file, so locked that nobody replaces it meanwhile."""
        while True:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            fcntl.flock(file, fcntl.LOCK_SH)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(file), self._path.stat()):
                    return file
            os.close(file)  # It was replaced just before it was locked.

    def _piece(self, texts: Sequence[HandsetText]) -> bytes:
        sealed = self._seal.close(_PLACE, b"", _encode(texts))
        return _MARK + len(sealed).to_bytes(_LENGTH_BYTES) + sealed

    def _read(self, content: bytes) -> tuple[list[HandsetText], int]:
        """All texts that are whole, and how far that was. What was cut short is passed over."""
        texts: list[HandsetText] = []
        position = 0
        while (begin := content.find(_MARK, position)) >= 0:
            body = begin + _HEAD_BYTES
            end = body + int.from_bytes(content[begin + len(_MARK) : body])
            position = begin + 1
            if end > len(content) or body > len(content):
                if content.find(_MARK, position) < 0:
                    return texts, begin  # Perhaps the rest is being written now.
                continue
            with suppress(SealBroken, msgspec.DecodeError):
                texts += _decode(self._seal.open(_PLACE, b"", content[body:end]))
                position = end
        return texts, max(position, len(content) - len(_MARK) + 1)

    def _rewrite(self, texts: list[HandsetText]) -> None:
        """Unless another process has the file open."""
        before = self._file
        try:
            fcntl.flock(before, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # A lock that was not had in full is lost, and another may have been quicker.
            os.close(before)
            self._file = self._opened()
            return
        piece = self._piece(texts)
        beside = self._path.with_suffix(".new")
        beside.write_bytes(piece)
        beside.chmod(0o600)
        beside.replace(self._path)
        self._file, self._seen = self._opened(), len(piece)
        os.close(before)
