"""A `dev`'s house on PostgreSQL, and the web and worker processes that serve it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Self

from hongyan.app import development
from hongyan.app.place import place_of, remember
from hongyan.app.stores import opener_of
from hongyan.store.opening import StoreSettings
from support.postgres import drop_database, fresh_database, migrated_database
from support.process import START_S, Client, Dev, Process

_NOWHERE: Final = "http://127.0.0.1:1"
"""No `dev` is open there; it is who signs the proofs."""


class Member(Process):
    """One process of such a house."""

    start_s = 3 * START_S
    """Several of them start side by side."""

    def __init__(self, role: str, data: Path, *arguments: str, **environment: str) -> None:
        super().__init__(role, "--dev", "--json", "--data", data, *arguments, **environment)
        self._key = ""
        self._data = data
        self.url = ""

    def __enter__(self) -> Self:
        try:
            self.url = self.ready()["base_url"]
        except BaseException:
            self.__exit__()
            raise
        return self

    @property
    def nobody(self) -> Client:
        return Client(self.url)

    @property
    def app(self) -> Client:
        """The app's server, which calls this process."""
        return Client(self.url, Dev.file_in(self._data)["api_key"])

    @property
    def page(self) -> Client:
        return Client(self.url, Dev.file_in(self._data)["publishable_key"])


def web(data: Path, *arguments: str, **environment: str) -> Member:
    return Member("web", data, "--port", "0", *arguments, **environment)


def worker(data: Path, *arguments: str, **environment: str) -> Member:
    return Member("worker", data, *arguments, **environment)


@contextmanager
def database() -> Iterator[str]:
    """The URL of an empty database."""
    url = fresh_database()
    try:
        yield url
    finally:
        drop_database(url)


@contextmanager
def seeded(data: Path) -> Iterator[str]:
    """The URL of a database with what `dev` makes there; `data` remembers it."""
    url = migrated_database()
    try:
        data.mkdir()
        place = place_of(data, StoreSettings(database=url), data)
        opener = opener_of(place)
        clock = opener.clock()
        administering = opener.administration(opener.furnish(clock), clock)
        secrets = development.seed(administering, ())
        administering.close()
        remember(place)
        development.write_dev_file(data, _NOWHERE, secrets)
        yield url
    finally:
        drop_database(url)


@contextmanager
def fleet(
    data: Path, webs: int = 2, workers: int = 1
) -> Iterator[tuple[list[Member], list[Member]]]:
    """So many of each, begun side by side."""
    members = [web(data) for _ in range(webs)] + [worker(data) for _ in range(workers)]
    with ExitStack() as stack:
        for member in members:
            stack.enter_context(member)
        yield members[:webs], members[webs:]
