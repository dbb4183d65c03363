"""Websites: where short links and the pages behind them are found, and the files of those pages.

Each environment has a folder of its own below `websites`, served as it stands. No symbolic link within
it is followed, so that whoever may put files there cannot show others of this machine.
"""

import os
import re
import stat
from contextlib import suppress
from io import BufferedReader
from typing import Final

import msgspec

from hongyan.core import link
from hongyan.core.website import Page

LINKS: Final = "/s"
"""Where a short link's letters stand behind."""
SITES: Final = "/site"
"""Where an environment and its pages stand behind, as long as websites have no host of their own."""
MOST_BYTES: Final = 16 << 20
"""Of a file that is served."""
MOST_WHOLE: Final = 1 << 18
"""Of one that is held whole until its reader has it, who may take his time."""

ENVIRONMENT: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", re.ASCII)
"""What may be the name of a folder and of a host."""
_LOOK: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


class WechatSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`[wechat]`"""

    link_host: str = ""
    """Where the short links in texts begin; empty: where the house is reached."""
    websites: str = ""
    """The folder of the websites, with one for each environment."""
    website_host: str = ""
    """`sites.example.com`: an environment's website is at `https://{environment}.sites.example.com`.
    Empty: below the house's own address, in a sandbox.
    """
    old_signatures: bool = True
    """Whether cloud functions of before wx-server-sdk 2 may call: what they send is not signed."""


class Found(msgspec.Struct, frozen=True):
    """A file of a website."""

    etag: str
    size: int
    content: bytes
    """Empty where it is larger than MOST_WHOLE: it is read as it leaves."""


class NoSuchPage(Exception):
    """The website has no such file, or none that is served."""


class Websites:
    """The websites of a house, and the addresses of everything that a text may lead to."""

    def __init__(self, settings: WechatSettings, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self.host = _host(settings.website_host)
        """Behind the dot of all websites' hosts; empty where they have none of their own."""
        self._links = address_of(settings.link_host) or self.base_url
        self._scheme = address_of(settings.website_host).partition("://")[0]
        self._folder = settings.websites

    def link(self, one: int) -> str:
        """A short link as it stands in a text."""
        return f"{self._links}{LINKS}/{link.written(one)}"

    def address(self, environment: str, page: Page) -> str:
        """Where a page is opened."""
        if self.host:
            return f"{self._scheme}://{environment}.{self.host}{page.path}"
        return f"{self.base_url}{SITES}/{environment}{page.path}"

    def environment_at(self, host: str) -> str:
        """Whose website a `Host` names; empty for none."""
        if not self.host:
            return ""
        environment, _, rest = host.lower().partition(".")
        if ":" not in self.host:  # Some say a port that goes without saying.
            rest = rest.partition(":")[0]
        return environment if rest == self.host else ""

    def are_there(self, environment: str) -> bool:
        """Whether an environment has a website."""
        return os.path.isdir(self._of(environment))  # noqa: PTH112 - asked for each text

    def holds(self, environment: str, page: Page) -> bool:
        """Whether its website has this page."""
        try:
            os.close(self._opened(environment, page))
        except NoSuchPage:
            return False
        return True

    def read(self, environment: str, page: Page, known: str = "") -> Found:
        """A page's file; without its content where the caller knows it by its etag, and where it is large.

        Waits for the disk. Raises NoSuchPage.
        """
        with self.opened(environment, page) as file:
            about = os.fstat(file.fileno())
            etag = f'"{about.st_mtime_ns:x}-{about.st_size:x}"'
            is_wanted = etag != known and about.st_size <= MOST_WHOLE
            return Found(etag, about.st_size, file.read(MOST_WHOLE) if is_wanted else b"")

    def opened(self, environment: str, page: Page) -> BufferedReader:
        """A page's file, to be read and closed. Waits for the disk. Raises NoSuchPage."""
        return os.fdopen(self._opened(environment, page), "rb")

    def _of(self, environment: str) -> str:
        """Its folder; empty where it can have none."""
        if not self._folder or not ENVIRONMENT.fullmatch(environment):
            return ""
        return f"{self._folder}/{environment}"

    def _opened(self, environment: str, page: Page) -> int:
        folder = self._of(environment)
        *above, name = page.file.split("/")
        try:
            directory = os.open(folder, _LOOK | os.O_DIRECTORY)
            for one in above:
                directory = _within(directory, one, os.O_DIRECTORY)
            descriptor = _within(directory, name)
        except OSError as error:
            raise NoSuchPage from error
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode) or about.st_size > MOST_BYTES:
            os.close(descriptor)
            raise NoSuchPage
        return descriptor


def address_of(written: str) -> str:
    """A host, or an address without a path, as an address; empty for nothing."""
    if not written or "://" in written:
        return written.rstrip("/")
    return f"https://{written}"


def _host(written: str) -> str:
    return address_of(written).partition("://")[2].lower()


def _within(directory: int, name: str, flags: int = 0) -> int:
    """Open what a directory holds, and close the directory."""
    try:
        return os.open(name, _LOOK | os.O_NOFOLLOW | flags, dir_fd=directory)
    finally:
        with suppress(OSError):
            os.close(directory)
