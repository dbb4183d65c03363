"""An archive: one file with all of a house, and a manifest by which it is known to be whole.

It is a zip file, so that any tool can look into it. It is written under another name, synced and then
renamed: what bears its name is complete. A manifest, written last, tells of each member what it must be.
"""

import fcntl
import hashlib
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final, Literal, Self

import msgspec

from hongyan.core.time import Millis
from hongyan.store.opening import KEY_FILE, StoreUnusable
from hongyan.store.transfer.table import Figures

CONFIG_MEMBER: Final = "hongyan.toml"
KEYS_MEMBER: Final = KEY_FILE
FORMAT: Final = 1

_MANIFEST: Final = "manifest.json"
_PIECE: Final = 1 << 20
_PART: Final = ".part"
_LEVEL: Final = 1
"""Most of it is sealed and does not become smaller, however hard one tries."""


class ArchiveUnusable(StoreUnusable):
    """The archive cannot be written, or read; the sentence says why and what to do."""


class Member(msgspec.Struct, frozen=True):
    """What a member must be."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive holds."""

    format: int = FORMAT
    program: str
    """The version of Hongyan that wrote it."""
    store: Literal["sqlite", "postgres"]
    schema: int
    made_at: Millis
    key_check: bytes
    """What the key file of this house gives."""
    figures: dict[str, Figures]
    """Of each table."""
    members: dict[str, Member] = {}

    def __repr__(self) -> str:
        return f"Manifest({self.store!r}, schema {self.schema}, {self.made_at})"


class ArchiveWriter:
    """Writes one archive. What is not finished is gone when the context ends."""

    def __init__(self, path: Path) -> None:
        """Raises ArchiveUnusable."""
        self._path = path
        self._part = path.with_name(path.name + _PART)
        self._members: dict[str, Member] = {}
        if path.exists():
            raise ArchiveUnusable(f"{path} exists already. Name another file; none is overwritten.")
        with _told(path):
            self._file = _locked(self._part)
            self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with suppress(OSError, ValueError):
            self._zip.close()
        with suppress(OSError):
            self._file.close()
        if kind is not None:
            self._part.unlink(missing_ok=True)

    @contextmanager
    def member(self, name: str) -> Iterator[Callable[[bytes], None]]:
        """What is given to the function becomes this member. Raises ArchiveUnusable."""
        digest, size = hashlib.sha256(), 0

        def put(piece: bytes) -> None:
            nonlocal size
            digest.update(piece)
            size += len(piece)
            with _told(self._path):
                into.write(piece)

        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        with _told(self._path):
            into = self._zip.open(info, "w", force_zip64=True)
        try:
            yield put
        finally:
            with _told(self._path):
                into.close()
        self._members[name] = Member(size, digest.hexdigest())

    def put_file(self, name: str, path: Path, note: Callable[[int], None]) -> None:
        """A file as a member; `note` is told how much of it is there. Raises ArchiveUnusable."""
        with self.member(name) as put, path.open("rb") as file:
            while piece := file.read(_PIECE):
                put(piece)
                note(file.tell())

    def finish(self, manifest: Manifest) -> None:
        """The manifest, and then its name. Raises ArchiveUnusable."""
        whole = msgspec.structs.replace(manifest, members=self._members)
        with _told(self._path):
            self._zip.writestr(_MANIFEST, msgspec.json.format(msgspec.json.encode(whole)))
            self._zip.close()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._part.rename(self._path)
            sync_directory(self._path.parent)


class ArchiveReader:
    """Reads one archive."""

    def __init__(self, path: Path) -> None:
        """Raises ArchiveUnusable for what is no archive, is cut short, or is newer than we are."""
        self._path = path
        with _read(path):
            self._zip = zipfile.ZipFile(path)
            try:
                written = self._zip.read(_MANIFEST)
                head = msgspec.json.decode(written, type=_Head)
                if head.format <= FORMAT:
                    self.manifest = msgspec.json.decode(written, type=Manifest)
            except BaseException:
                self._zip.close()
                raise
        if head.format > FORMAT:
            self._zip.close()
            sentence = (
                f"{path} is an archive of a newer version of Hongyan. Restore it with that one."
            )
            raise ArchiveUnusable(sentence)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def verify(self, note: Callable[[int, int], None]) -> None:
        """All of it, before anything is made of it. Raises ArchiveUnusable."""
        names = [name for name in self._zip.namelist() if name != _MANIFEST]
        if sorted(names) != sorted(self.manifest.members):
            raise ArchiveUnusable(f"{self._path} does not hold what its manifest says. {_ANOTHER}")
        done, total = 0, sum(member.size for member in self.manifest.members.values())
        for name in names:
            for piece in self.pieces(name):
                done += len(piece)
                note(done, total)

    def pieces(self, name: str) -> Iterator[bytes]:
        """The content of a member. Raises ArchiveUnusable, at the end of what is not as it was."""
        digest, size = hashlib.sha256(), 0
        with _read(self._path), self._zip.open(name) as member:
            while piece := member.read(_PIECE):
                digest.update(piece)
                size += len(piece)
                yield piece
        if Member(size, digest.hexdigest()) != self.manifest.members.get(name):
            raise ArchiveUnusable(f"{self._path} is damaged: {name} is not as it was. {_ANOTHER}")

    def content(self, name: str) -> bytes | None:
        """A small member, whole; None where it is not there."""
        return b"".join(self.pieces(name)) if name in self.manifest.members else None

    def extract(self, name: str, path: Path) -> None:
        """A member as a file, synced. Raises ArchiveUnusable, and OSError."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for piece in self.pieces(name):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())


class _Head(msgspec.Struct, frozen=True):
    """What every manifest begins with, of whatever version."""

    format: int


_ANOTHER: Final = "Restore from another archive; nothing was changed."


def sync_directory(path: Path) -> None:
    """So that a name put there stays there."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _locked(part: Path) -> BinaryIO:
    """Raises OSError; ArchiveUnusable when another backup writes there."""
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT, 0o600)
    file = os.fdopen(descriptor, "w+b")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise ArchiveUnusable(f"Another backup is being written to {part}.") from error
    file.truncate()
    return file


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """What the disk does not take, in a sentence."""
    try:
        yield
    except FileExistsError as error:
        raise ArchiveUnusable(f"{path} exists already. Name another file.") from error
    except OSError as error:
        sentence = (
            f"{path} cannot be written: {error.strerror}. Choose another place, or make room."
        )
        raise ArchiveUnusable(sentence) from error


@contextmanager
def _read(path: Path) -> Iterator[None]:
    """What is no archive, in a sentence."""
    try:
        yield
    except FileNotFoundError as error:
        raise ArchiveUnusable(f"{path} does not exist.") from error
    except OSError as error:
        raise ArchiveUnusable(f"{path} cannot be read: {error.strerror}.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, msgspec.MsgspecError) as error:
        sentence = f"{path} is no archive of a house, or is damaged or cut short ({error})."
        raise ArchiveUnusable(f"{sentence} {_ANOTHER}") from error
    except (NotImplementedError, RuntimeError, ValueError) as error:
        # zipfile, of a header that makes no sense: another method, a password.
        raise ArchiveUnusable(f"{path} is damaged ({error}). {_ANOTHER}") from error
