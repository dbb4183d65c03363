"""Scan: walks a mini program's tree and finds the secrets in it. Reads only, and follows no links."""

import os
from collections.abc import Iterator, Sequence
from enum import StrEnum, auto
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from stat import S_ISREG
from typing import Final

import msgspec

from hongyan.core.leak import Leak, leaks
from hongyan.core.project import PROJECT_FILE, Place, Project, place_of

NOT_ENTERED: Final = frozenset({"node_modules", ".git", ".hg", ".svn"})
"""What of installed packages ships has been built into `miniprogram_npm`, which is entered."""

LARGEST: Final = 5 * 1024 * 1024
"""Octets. WeChat takes packages of 2 MiB, so no file that ships is larger."""

_PROBE: Final = 8_192


class Reason(StrEnum):
    """Why something was not read."""

    BINARY = auto()
    EXCLUDED = auto()
    NOT_ENTERED = auto()
    """Installed packages, or what version control keeps."""
    PACKAGE = auto()
    """A `.wxapkg`."""
    TOO_LARGE = auto()
    UNREADABLE = auto()
    LINK = auto()
    """To what is not scanned, or to nothing."""
    SPECIAL = auto()
    """Neither a file nor a directory."""


class Found(msgspec.Struct, frozen=True):
    """A leak, and whose file it is in."""

    path: str
    place: Place
    leak: Leak


class Skipped(msgspec.Struct, frozen=True):
    """A file or directory that was not read."""

    path: str
    reason: Reason


class Scan(msgspec.Struct, frozen=True):
    """What was read and what came of it. Paths are relative, with slashes, and can be printed."""

    read: int
    found: list[Found]
    skipped: list[Skipped]


class NoSuchDirectory(Exception):
    """The path is no directory, or may not be listed."""


def scan(directory: Path, excluded: Sequence[str] = ()) -> Scan:
    """Find the secrets below a directory. Raises NoSuchDirectory.

    What matches a pattern in `excluded`, by its relative path or its name, is left out.
    """
    try:
        os.scandir(directory).close()
    except OSError as error:
        raise NoSuchDirectory(f"{directory} cannot be scanned: {error.strerror}.") from error
    tree = _Tree(directory, excluded)
    files = sorted(tree.files())
    projects = [
        Project.parse(str(path.parent).removeprefix("."), tree.text(path) or "")
        for path in files
        if path.name == PROJECT_FILE
    ]
    found, read = [], 0
    for path in files:
        if (text := tree.text(path)) is None:
            continue
        read += 1
        place = place_of(str(path), projects)
        found += [Found(_printable(path), place, leak) for leak in leaks(text)]
    skipped = [Skipped(_printable(path), tree.skipped[path]) for path in sorted(tree.skipped)]
    return Scan(read, found, skipped)


class _Tree:
    """A directory and what of it was skipped. Paths are relative to it."""

    def __init__(self, directory: Path, excluded: Sequence[str]) -> None:
        self._directory = directory
        self._real = directory.resolve()
        self._excluded = excluded
        self.skipped: dict[PurePosixPath, Reason] = {}

    def files(self) -> Iterator[PurePosixPath]:
        """Every file that is to be read."""
        for place, directories, names in os.walk(self._directory, onerror=self._cannot_be_listed):
            below = self._relative(place)
            directories[:] = [name for name in directories if self._is_entered(below / name)]
            yield from (below / name for name in names if self._is_read(below / name))

    def text(self, path: PurePosixPath) -> str | None:
        """None if it is skipped."""
        file_path = self._directory / path
        try:
            # Reading a pipe would wait for its writer.
            if not S_ISREG(file_path.lstat().st_mode):
                self.skipped[path] = Reason.SPECIAL
                return None
            with file_path.open("rb") as file:
                octets = file.read(LARGEST + 1)
        except OSError:
            self.skipped[path] = Reason.UNREADABLE
            return None
        if len(octets) > LARGEST:
            self.skipped[path] = Reason.TOO_LARGE
            return None
        text = _decoded(octets)
        if text is None:
            self.skipped[path] = Reason.BINARY
        return text

    def _is_entered(self, path: PurePosixPath) -> bool:
        if path.name in NOT_ENTERED:
            self.skipped[path] = Reason.NOT_ENTERED
            return False
        return not self._is_excluded(path) and not self._is_link(path)

    def _is_read(self, path: PurePosixPath) -> bool:
        if self._is_excluded(path) or self._is_link(path):
            return False
        if path.suffix == ".wxapkg":
            self.skipped[path] = Reason.PACKAGE
            return False
        return True

    def _is_excluded(self, path: PurePosixPath) -> bool:
        if any(fnmatch(str(path), one) or fnmatch(path.name, one) for one in self._excluded):
            self.skipped[path] = Reason.EXCLUDED
            return True
        return False

    def _is_link(self, path: PurePosixPath) -> bool:
        """Not followed: they may go in circles or lead out. Their goal is read where it stands."""
        link = self._directory / path
        if not link.is_symlink():
            return False
        try:
            goal = link.resolve(strict=True).relative_to(self._real)
        except (OSError, RuntimeError, ValueError):
            self.skipped[path] = Reason.LINK
        else:
            if not NOT_ENTERED.isdisjoint(goal.parts):
                self.skipped[path] = Reason.LINK
        return True

    def _cannot_be_listed(self, error: OSError) -> None:
        self.skipped[self._relative(error.filename)] = Reason.UNREADABLE

    def _relative(self, place: str) -> PurePosixPath:
        return PurePosixPath(Path(place).relative_to(self._directory).as_posix())


def _decoded(octets: bytes) -> str | None:
    """None if it is no text. Secrets are ASCII, so any reading that keeps ASCII finds them."""
    if octets.startswith((b"\xff\xfe", b"\xfe\xff")):
        return octets.decode("utf-16", errors="replace")
    if b"\0" in octets[:_PROBE]:
        return None
    try:
        return octets.decode("utf-8-sig")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _printable(path: PurePosixPath) -> str:
    """Names may hold line breaks, control characters, and octets that are no UTF-8."""
    text = os.fsencode(str(path)).decode("utf-8", errors="backslashreplace")
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )
