"""Leading: which page of an environment's website a text leads to."""

from typing import Final, TypeAlias

from hongyan.core.time import SECOND, Millis
from hongyan.core.website import Page, UnsafePath, page
from hongyan.service.directory import Environment
from hongyan.service.ports import Clock
from hongyan.service.website import Websites
from hongyan.wire.wechat.fault import Fault

Leads: TypeAlias = tuple[str, str]
"""(environment, page) that a link opens."""

_LOOKED_AT: Final[Millis] = SECOND
_MOST_FOUND: Final = 500


class Leading:
    """Finds pages. One that is there is looked for on the disk once in a second, as many texts lead to
    it; one that is not is looked for each time, so that it is seen as soon as it comes.
    """

    def __init__(self, websites: Websites, clock: Clock) -> None:
        self._websites = websites
        self._clock = clock
        self._found: dict[tuple[str, str], tuple[Page, Millis]] = {}
        """By environment and path, and until when that is believed."""

    def page(self, environment: Environment, path: str) -> Page | None:
        """The page of its website that a path names; None where it has none. Raises UnsafePath."""
        known, until = self._found.get((environment.id, path), (None, 0))
        now = self._clock()
        if known is not None and now < until and environment.has_website:
            return known
        found = page(path)
        if not environment.has_website or not self._websites.holds(environment.id, found):
            return None
        if len(self._found) >= _MOST_FOUND:
            self._found.clear()
        self._found[environment.id, path] = found, now + _LOOKED_AT
        return found

    def leads(self, environment: Environment, path: str) -> Leads:
        """What a path names. Raises Fault."""
        try:
            found = self.page(environment, path)
        except UnsafePath as error:
            raise Fault(-601031) from error
        if found is None:
            has_one = environment.has_website and self._websites.are_there(environment.id)
            raise Fault(-607001 if has_one else -601028)
        return environment.id, found.path
