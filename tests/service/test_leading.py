"""Leading: a page is looked for once in a second, however many texts lead to it."""

from pathlib import Path

import pytest

from hongyan.core.time import SECOND
from hongyan.core.website import Page, UnsafePath
from hongyan.service.directory import Environment
from hongyan.service.website import Websites, WechatSettings
from hongyan.service.wechat.leading import Leading
from hongyan.wire.wechat.fault import Fault
from support.world import Moment

INDEX = Page("/index.html", "index.html")
HERE = Environment(id="here", app=1)
CLOSED = Environment(id="here", app=1, has_website=False)


class Site:
    """A website whose clock a test holds."""

    def __init__(self, folder: Path) -> None:
        self.clock = Moment()
        self.leading = Leading(Websites(WechatSettings(websites=str(folder)), ""), self.clock)
        self.file = folder / HERE.id / INDEX.file
        self.file.parent.mkdir()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_a_page_that_comes_is_seen_at_once(site: Site) -> None:
    assert site.leading.page(HERE, "/index.html") is None
    site.file.touch()
    assert site.leading.page(HERE, "/index.html") == INDEX
    assert site.leading.leads(HERE, "/") == ("here", "/")


def test_a_page_that_goes_is_missed_after_a_second(site: Site) -> None:
    site.file.touch()
    assert site.leading.page(HERE, "/index.html") == INDEX
    site.file.unlink()
    site.clock.pass_by(SECOND - 1)
    assert site.leading.page(HERE, "/index.html") == INDEX
    site.clock.pass_by(1)
    assert site.leading.page(HERE, "/index.html") is None


def test_a_website_that_is_closed_is_closed_at_once(site: Site) -> None:
    site.file.touch()
    assert site.leading.page(HERE, "/index.html") == INDEX
    assert site.leading.page(CLOSED, "/index.html") is None


def test_what_is_remembered_has_a_bound(site: Site) -> None:
    site.file.touch()
    for number in range(501):
        assert site.leading.page(HERE, f"/?{number}") is not None
    site.file.unlink()
    assert site.leading.page(HERE, "/?0") is None
    assert site.leading.page(HERE, "/?500") is not None


@pytest.mark.parametrize("environment", [HERE, CLOSED])
def test_what_is_no_path_leads_nowhere(site: Site, environment: Environment) -> None:
    with pytest.raises(UnsafePath):
        site.leading.page(environment, "//example.com")
    with pytest.raises(Fault) as raised:
        site.leading.leads(environment, "//example.com")
    assert raised.value.errcode == -601031


def test_it_is_told_whether_the_page_or_the_whole_website_is_missing(site: Site) -> None:
    for environment, errcode in ((HERE, -607001), (CLOSED, -601028)):
        with pytest.raises(Fault) as raised:
            site.leading.leads(environment, "/index.html")
        assert raised.value.errcode == errcode
