"""A disk that fills up and fails when it is told to: SQLite's own way to the files, with faults."""

from collections.abc import Iterator
from contextlib import contextmanager

import apsw

_NAME = "failing"


class Disk(apsw.VFS):
    """Every file that SQLite opens while it is the default passes through here."""

    def __init__(self) -> None:
        self._beneath = apsw.vfs_names()[0]
        self.is_full = False
        self.cannot_sync = False
        super().__init__(_NAME, self._beneath)

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> "_File":  # noqa: N802 - SQLite's
        return _File(self, self._beneath, name, flags)


class _File(apsw.VFSFile):
    def __init__(
        self,
        disk: Disk,
        beneath: str,
        name: str | apsw.URIFilename | None,
        flags: list[int],
    ) -> None:
        self._disk = disk
        super().__init__(beneath, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's
        if self._disk.is_full:
            raise apsw.FullError("no space left on device")
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's
        if self._disk.cannot_sync:
            raise apsw.IOError("input/output error")
        super().xSync(flags)


@contextmanager
def failing_disk() -> Iterator[Disk]:
    """What SQLite opens meanwhile lies on this disk."""
    before = apsw.vfs_names()[0]
    disk = Disk()
    apsw.set_default_vfs(_NAME)
    try:
        yield disk
    finally:
        apsw.set_default_vfs(before)
        disk.unregister()
