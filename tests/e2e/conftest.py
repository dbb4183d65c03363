"""A house that many tests share, houses of a test's own, and who calls them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.held import HeldHouse
from support.process import Client, Dev, new_address, new_phone


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    """One house for a whole run: give each test numbers and addresses of its own."""
    # A provider that never answers is waited for half a second instead of five.
    quick = {"HONGYAN__PROVIDERS__SANDBOX__TIMEOUT_S": "0.5"}
    with Dev(tmp_path_factory.mktemp("dev") / "data", **quick) as opened:
        yield opened


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Dev]:
    """A house that no other test calls."""
    with Dev(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
def held(tmp_path: Path) -> Iterator[HeldHouse]:
    """A house of this test's own, whose clock the test holds."""
    with HeldHouse(tmp_path) as opened:
        yield opened


@pytest.fixture
def phone() -> str:
    return new_phone()


@pytest.fixture
def app(dev: Dev) -> Client:
    """The shared app's server, with its secret key."""
    return dev.app


@pytest.fixture
def page(dev: Dev) -> Client:
    """A page of the shared app, with the publishable key, at an address of its own."""
    return dev.page.at(new_address())


@pytest.fixture
def nobody(dev: Dev) -> Client:
    """A caller without a key, at an address of its own."""
    return dev.nobody.at(new_address())


@pytest.fixture(scope="session")
def other_app(dev: Dev) -> Client:
    """Another app's server in the shared house."""
    created = dev.command("app", "create", "Other", "--name", "app_other")
    dev.command("app", "change", "app_other", "--template", "code")
    return Client(dev.url, created["api_key"])
