"""The handset's shelf: one file beside the database, texts appended sealed, in `dev` only.

A text is written before the sandbox answers, so a killed process has lost none that it took.
"""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from hongyan.service.ports import HandsetText
from hongyan.store.seal import Seal, SealBroken

SHELF_FILE: Final = "handset.log"
_PLACE: Final = b"handset.text"
_LENGTH_BYTES: Final = 4


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(list[HandsetText]).decode


class ShelfFile:
    """See `service.ports.Shelf`."""

    def __init__(self, directory: Path, seal: Seal) -> None:
        self._path = directory / SHELF_FILE
        self._seal = seal
        self._pending: list[HandsetText] = []
        self._file = self._open(os.O_APPEND)

    def append(self, text: HandsetText) -> None:
        if not self._pending:
            # The texts of one turn of the loop are sealed and written as one: before any of their
            # messages can be settled, which takes a commit and thus another turn.
            asyncio.get_running_loop().call_soon(self._flush)
        self._pending.append(text)

    def load(self, most: int) -> list[HandsetText]:
        """The newest texts, oldest first; older ones are dropped from the file."""
        kept = list(self._records())
        if len(kept) > most:
            kept = kept[-most:]
            self._rewrite(kept)
        return kept

    def close(self) -> None:
        self._flush()
        os.close(self._file)

    def _flush(self) -> None:
        if self._pending:
            os.write(self._file, self._frame(self._pending))
            self._pending.clear()

    def _open(self, flags: int) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | flags, 0o600)

    def _frame(self, texts: list[HandsetText]) -> bytes:
        sealed = self._seal.close(_PLACE, b"", _encode(texts))
        return len(sealed).to_bytes(_LENGTH_BYTES) + sealed

    def _records(self) -> Iterator[HandsetText]:
        """All that is whole: a write that was cut short is the last one, and is passed over."""
        content = self._path.read_bytes()
        position = 0
        while position + _LENGTH_BYTES <= len(content):
            body = position + _LENGTH_BYTES
            position = body + int.from_bytes(content[position:body])
            try:
                yield from _decode(self._seal.open(_PLACE, b"", content[body:position]))
            except (SealBroken, msgspec.DecodeError):
                return

    def _rewrite(self, texts: list[HandsetText]) -> None:
        beside = self._path.with_suffix(".new")
        beside.write_bytes(self._frame(texts))
        beside.chmod(0o600)
        beside.replace(self._path)
        os.close(self._file)
        self._file = self._open(os.O_APPEND)
